"""What stands in for matplotlib.figure."""

from . import Nothing

Figure = Nothing
