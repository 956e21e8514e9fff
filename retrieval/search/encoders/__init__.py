"""What computes an embedder's vectors: onnxruntime for BERTs, sentence-transformers for everything else."""
