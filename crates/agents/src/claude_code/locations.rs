//! Where Claude Code has its files. Only says so; nothing is opened.

use std::path::{Path, PathBuf};

/// The places of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locations {
    directory: PathBuf,
    global: PathBuf,
}

impl Locations {
    /// Returns the places below `home`, or below what `CLAUDE_CONFIG_DIR` says (an empty one says nothing), which takes
    /// `.claude.json` inside as well.
    pub fn new(home: &Path, config_dir: Option<&Path>) -> Self {
        match config_dir.filter(|path| !path.as_os_str().is_empty()) {
            Some(directory) => Self { directory: directory.to_owned(), global: directory.join(".claude.json") },
            None => Self { directory: home.join(".claude"), global: home.join(".claude.json") },
        }
    }

    /// Returns the directory everything but a project's settings is in.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the file that holds the client's own state, by project.
    pub fn global(&self) -> &Path {
        &self.global
    }

    /// Returns the user's settings.
    pub fn settings(&self) -> PathBuf {
        self.directory.join("settings.json")
    }

    /// Returns the registry of running processes.
    pub fn sessions(&self) -> PathBuf {
        self.directory.join("sessions")
    }

    /// Returns the directory of transcripts, with a folder for each working directory.
    pub fn projects(&self) -> PathBuf {
        self.directory.join("projects")
    }
}

/// Returns the settings a project shares.
pub fn project_settings(project: &Path) -> PathBuf {
    project.join(".claude/settings.json")
}

/// Returns the settings of a project that stay on this machine.
pub fn local_settings(project: &Path) -> PathBuf {
    project.join(".claude/settings.local.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(config_dir: Option<&str>, settings: &str, global: &str) {
        let places = Locations::new(Path::new("/home/ada"), config_dir.map(Path::new));
        assert_eq!((places.settings(), places.global()), (PathBuf::from(settings), Path::new(global)), "{config_dir:?}");
    }

    #[test]
    fn a_configured_directory_takes_everything_inside() {
        check(None, "/home/ada/.claude/settings.json", "/home/ada/.claude.json");
        check(Some(""), "/home/ada/.claude/settings.json", "/home/ada/.claude.json");
        check(Some("/srv/c"), "/srv/c/settings.json", "/srv/c/.claude.json");
    }

    #[test]
    fn the_rest_lies_where_the_client_puts_it() {
        let places = Locations::new(Path::new("/home/ada"), None);
        assert_eq!(places.sessions(), Path::new("/home/ada/.claude/sessions"));
        assert_eq!(places.projects(), Path::new("/home/ada/.claude/projects"));
        assert_eq!(project_settings(Path::new("/p")), Path::new("/p/.claude/settings.json"));
        assert_eq!(local_settings(Path::new("/p")), Path::new("/p/.claude/settings.local.json"));
    }
}
