# rutter:shim (`rutter shims uninstall` removes it, and puts back what was here before)
"""Session ids for hooks, kept by rutter: which agent session a project has.

The functions of the rutter module, where that is installed; else the rutter command does the same.
"""

import logging
import os
import shutil
import subprocess

RUTTER = @RUTTER@
UNKNOWN = "unknown"

logger = logging.getLogger(__name__)

try:
    from session_helpers import cleanup_stale_sessions, get_project_name, get_stored_session_id, store_session_id  # noqa: F401
except ImportError:

    def _rutter(*words):
        """Runs rutter and returns what it prints; None where it fails."""
        program = RUTTER if os.access(RUTTER, os.X_OK) else shutil.which("rutter")
        if program is None:
            logger.error("rutter is not installed")
            return None
        try:
            done = subprocess.run([program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=5)
        except (OSError, subprocess.SubprocessError) as error:
            logger.error("cannot run rutter: %s", error)
            return None
        if os.environ.get("HOOK_DEBUG") == "true" and done.stderr:
            logger.debug("%s", done.stderr.strip())
        if done.returncode:
            logger.error("rutter %s: %s", words[0], done.stderr.strip())
            return None
        return done.stdout.strip()

    def get_project_name() -> str:
        """Returns the name of the project here: of the git repository, else of the directory."""
        directory = os.getcwd()
        while True:
            if os.path.exists(os.path.join(directory, ".git")):
                return os.path.basename(directory) or UNKNOWN
            parent = os.path.dirname(directory)
            if parent == directory:
                return os.path.basename(os.getcwd()) or UNKNOWN
            directory = parent

    def store_session_id(session_id: str, project_name: str) -> bool:
        """Stores the agent session of a project; False on error."""
        return _rutter("store-id", f"--project={project_name}", "--", session_id) is not None

    def get_stored_session_id(project_name: str) -> str:
        """Returns the agent session of a project if it was stored within the last 24 hours, else "unknown"."""
        return _rutter("get-id", f"--project={project_name}") or UNKNOWN

    def cleanup_stale_sessions() -> int:
        """Removes stale and corrupt files, and returns how many."""
        cleaned = _rutter("cleanup-ids")
        digits = "".join(each for each in (cleaned or "").split()[:1] if each.isdigit())
        count = int(digits) if digits else 0
        if count > 10:
            logger.warning("Cleaned up %s stale sessions", count)
        return count
