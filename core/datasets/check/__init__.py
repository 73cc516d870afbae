"""Everything that is wrong with a data folder, told in one go; nothing in it is run or changed."""

from cortiscope.core.datasets.check.before_fit import require_usable
from cortiscope.core.datasets.check.folder import check_folder
from cortiscope.core.datasets.check.report import FolderReport, SubjectReport

__all__ = ["FolderReport", "SubjectReport", "check_folder", "require_usable"]
