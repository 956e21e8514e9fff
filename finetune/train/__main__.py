"""`python -m finetune.train`: see `finetune.train.command`."""

import sys

from finetune.train.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
