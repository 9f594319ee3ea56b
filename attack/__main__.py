"""./dev attack: what attackers cost the server, and the honest clients beside them."""
import sys

import main

sys.exit(main.main(sys.argv[1:]))
