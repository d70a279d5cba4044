//! What a template is, what it can be called, and why one cannot be used.

use std::path::{Path, PathBuf};

use serde_json::Value;
use session::Prefix;

use crate::directory::StepName;
use crate::{CurrentError, NewWritten, StoreError};

/// What a session can begin with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Template {
    pub(crate) prefix: Option<Prefix>,
    pub(crate) description: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) metadata: Vec<(String, Value)>,
    pub(crate) work: Vec<TemplateWork>,
    pub(crate) entries: Vec<TemplateEntry>,
}

/// A work item that a session begins with.
#[derive(Clone, Debug)]
pub(crate) struct TemplateWork {
    pub(crate) prefix: Prefix,
    pub(crate) description: String,
    pub(crate) metadata: Vec<(String, Value)>,
}

/// An entry that a session begins with.
#[derive(Clone, Debug)]
pub(crate) struct TemplateEntry {
    pub(crate) text: String,
    pub(crate) what: NewWritten,
}

/// Whose a template is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateScope {
    /// A person's own, beside their store.
    User,
    /// The repository's, for everybody who works in it.
    Project,
}

impl TemplateScope {
    /// Returns the word as it stands in views.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
        }
    }
}

/// What a template is called: a word that leads to a file in its directory and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TemplateName(String);

/// How the files of templates end.
const ENDING: &str = ".toml";

impl TemplateName {
    /// Takes a name: letters, digits, `-`, `_` and `.`, the first one a letter or a digit.
    pub(super) fn new(name: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        (begins && name.len() <= 64 && name.bytes().all(is_plain)).then(|| Self(name.to_owned()))
    }

    /// Returns the template whose file this is; none where it is no template.
    pub(super) fn of_file(file: &StepName) -> Option<Self> {
        Self::new(file.as_os().to_str()?.strip_suffix(ENDING)?)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn file(&self) -> StepName {
        StepName::new(format!("{}{ENDING}", self.0)).expect("a plain word is the name of a file")
    }
}

/// A template in its place.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) name: TemplateName,
    pub(super) scope: TemplateScope,
    pub(super) path: PathBuf,
    pub(super) template: Template,
}

/// Why a template cannot be used or made.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is no name.
    #[error("`{name}` is not the name of a template: it has letters, digits, `-`, `_` and `.`, and begins with one of the former")]
    BadName {
        /// What was typed, shortened.
        name: String,
    },
    /// There is none with the name.
    #[error("no template `{name}`")]
    Unknown {
        /// The name.
        name: String,
    },
    /// It says something that no template says.
    #[error("cannot use the template `{}`, line {line}: {what}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// The file cannot be read or written.
    #[error("cannot use the template `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is one with the name already.
    #[error("there is a template `{}` already", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// The session that it is to be made from cannot be told.
    #[error(transparent)]
    Current(#[from] CurrentError),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TemplateError {
    pub(super) fn at(path: &Path) -> impl Fn(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path: path.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_its_directory() {
        for good in ["bugfix", "Release-2.1", "a", "0", &"x".repeat(64)] {
            assert_eq!(TemplateName::new(good).unwrap().file().as_os().to_str().unwrap(), format!("{good}.toml"));
        }
        for bad in ["", ".", "..", "../x", "a/b", "/etc/passwd", ".hidden", "-x", "a\\b", "a b", "a\0", "ä", "a\n", "~", &"x".repeat(65)] {
            assert!(TemplateName::new(bad).is_none(), "{bad:?}");
        }
        let of_file = |file: &str| TemplateName::of_file(&StepName::new(file).unwrap()).map(|name| name.as_str().to_owned());
        assert_eq!((of_file("a.toml"), of_file("a.txt"), of_file(".toml"), of_file(".a.toml")), (Some("a".to_owned()), None, None, None));
    }
}
