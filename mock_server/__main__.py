"""`python -m mock_server` is the same as `understudy`."""

import sys

from mock_server.cli import main

sys.exit(main())
