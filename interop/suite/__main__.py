"""./dev interop: real clients against the real server."""
import sys

import main

sys.exit(main.main(sys.argv[1:]))
