"""./dev bench: what a request costs our server, and others."""
import sys

import main

sys.exit(main.main(sys.argv[1:]))
