//! A checkpoint, and how it is written: JSON with the names that other programs use.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use session::Moment;

use super::BuildId;

/// A restorable state of a running build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The build.
    pub build: BuildId,
    /// The agent session to go on with.
    pub session: String,
    /// Where the project is; other programs may leave it away.
    pub project_path: Option<String>,
    /// Files made so far.
    pub files_created: Vec<String>,
    /// When it was saved; other programs do not say.
    pub saved_at: Option<Moment>,
    /// When it expires; what other programs keep for good does not.
    pub expires_at: Option<Moment>,
}

/// What is kept. Fields that others have added are passed over.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    session_id: String,
    #[serde(default)]
    build_id: Option<String>,
    #[serde(default)]
    project_path: Option<String>,
    #[serde(default)]
    files_created: Option<Vec<String>>,
    /// Ours; as `toISOString` writes it, so that a worker in JavaScript can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    saved_at: Option<serde_json::Value>,
}

impl Checkpoint {
    /// Returns it as it is kept. When it expires is not a part of that: what keeps it knows.
    pub(super) fn written(&self) -> String {
        let saved_at = self.saved_at.map(|moment| {
            let at = moment.timestamp();
            format!("{at:.3}").into()
        });
        let kept = Kept {
            session_id: self.session.clone(),
            build_id: Some(self.build.to_string()),
            project_path: self.project_path.clone(),
            files_created: Some(self.files_created.clone()),
            saved_at,
        };
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// Reads what is kept for a build; times are shown as `now` is.
    pub(super) fn read(build: &BuildId, kept: &[u8], now: Moment) -> Result<Self, &'static str> {
        let kept: Kept = serde_json::from_slice(kept).map_err(|_| "it is no JSON object with a text `sessionId`")?;
        if kept.session_id.is_empty() {
            return Err("its `sessionId` is empty");
        }
        if kept.build_id.is_some_and(|id| id != build.as_str()) {
            return Err("its `buildId` is that of another build");
        }
        let saved_at = kept.saved_at.as_ref().and_then(|at| at.as_str()?.parse::<Timestamp>().ok());
        Ok(Self {
            build: build.clone(),
            session: kept.session_id,
            project_path: kept.project_path,
            files_created: kept.files_created.unwrap_or_default(),
            saved_at: saved_at.map(|at| Moment::new(at, now.offset())),
            expires_at: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build() -> BuildId {
        BuildId::read("b-7").unwrap()
    }

    fn now() -> Moment {
        Moment::from_micros(1_771_259_403_123_000, 3_600).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            build: build(),
            session: "ghi789".to_owned(),
            project_path: Some("/srv/shop".to_owned()),
            files_created: vec!["src/a.ts".to_owned()],
            saved_at: Some(now()),
            expires_at: None,
        }
    }

    #[test]
    fn it_is_kept_under_the_names_that_other_programs_use() {
        let expected = r#"{"sessionId":"ghi789","buildId":"b-7","projectPath":"/srv/shop","filesCreated":["src/a.ts"],"savedAt":"2026-02-16T16:30:03.123Z"}"#;
        assert_eq!(checkpoint().written(), expected);
        assert_eq!(Checkpoint::read(&build(), expected.as_bytes(), now()).unwrap(), checkpoint());
    }

    #[test]
    fn what_others_add_or_leave_away_is_no_fault() {
        let least = Checkpoint::read(&build(), br#"{"sessionId":"s"}"#, now()).unwrap();
        assert_eq!((least.project_path, least.files_created, least.saved_at), (None, Vec::new(), None));
        let more = br#"{"step":{"n":3},"sessionId":"s","buildId":"b-7","projectPath":null,"filesCreated":null,"savedAt":12}"#;
        assert_eq!(Checkpoint::read(&build(), more, now()).unwrap().session, "s");
    }

    #[test]
    fn what_is_no_checkpoint_is_none_and_says_why() {
        for kept in [&b""[..], b"null", b"[]", b"\xff", b"{\"sessionId\":\"s\"", b"{}", br#"{"sessionId":7}"#, br#"{"sessionId":null}"#] {
            assert!(Checkpoint::read(&build(), kept, now()).is_err(), "{}", String::from_utf8_lossy(kept));
        }
        let of = |kept: &str| Checkpoint::read(&build(), kept.as_bytes(), now()).unwrap_err();
        assert_eq!(of(r#"{"sessionId":""}"#), "its `sessionId` is empty");
        assert_eq!(of(r#"{"sessionId":"s","buildId":"b-8"}"#), "its `buildId` is that of another build");
        assert_eq!(of(r#"{"sessionId":"s","filesCreated":[1]}"#), "it is no JSON object with a text `sessionId`");
    }
}
