"""`python -m finetune.evaluate`: see `finetune.evaluate.command`."""

import sys

from finetune.evaluate.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
