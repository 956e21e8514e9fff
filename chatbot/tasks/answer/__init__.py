"""Questions about documents, answered from numbered passages and checked."""
