//! Where Claude Code has its files. Only says so; nothing is opened.

use std::path::{Path, PathBuf};

/// The name of a folder is longer only by its hash.
const LONGEST_FOLDER: usize = 200;

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

/// Returns the name of the folder that the transcripts of a directory are in; the directory is absolute, its links resolved.
///
/// Every UTF-16 code unit that is no ASCII letter or digit becomes `-`. Of a long name the beginning is kept, and a hash of the whole.
pub fn folder_name(directory: &Path) -> String {
    let text = directory.to_string_lossy();
    let letter = |unit: u16| char::from_u32(unit.into()).filter(char::is_ascii_alphanumeric).unwrap_or('-');
    let name: String = text.encode_utf16().map(letter).collect();
    if name.len() <= LONGEST_FOLDER {
        return name;
    }
    let hash = text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()));
    format!("{}-{}", &name[..LONGEST_FOLDER], base_36(hash.unsigned_abs()))
}

fn base_36(mut number: u32) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        digits.extend(char::from_digit(number % 36, 36));
        number /= 36;
    }
    digits.into_iter().rev().collect()
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
    fn a_folder_is_named_after_its_directory_as_the_client_does() {
        for (directory, name) in
            [("/home/ada/shop", "-home-ada-shop"), ("/a.b/C_d", "-a-b-C-d"), ("/é", "--"), ("/😀", "---"), ("/a  b", "-a--b")]
        {
            assert_eq!(folder_name(Path::new(directory)), name, "{directory}");
        }
        let long = |letters: usize| folder_name(Path::new(&format!("/{}", "a".repeat(letters))));
        assert_eq!(long(199), format!("-{}", "a".repeat(199)));
        assert_eq!(long(200), format!("-{}-b6ymvl", "a".repeat(199)));
        assert_eq!((base_36(0), base_36(35), base_36(i32::MIN.unsigned_abs())), ("0".into(), "z".into(), "zik0zk".into()));
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
