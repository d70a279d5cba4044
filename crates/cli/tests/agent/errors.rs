//! A model that cannot be reached.

use crate::stage::Stage;

#[test]
fn an_error_of_the_api_is_a_failed_turn_with_the_reason() {
    for (script, status) in [("e400", 400), ("e429", 429), ("e529", 529)] {
        let Some(stage) = Stage::set() else { return };
        let run = stage.home.run_print(&format!("Go. @@{script}"), &[]);
        assert_eq!((run.code, &run.result().unwrap()["api_error_status"], run.stderr.as_str()), (Some(1), &status.into(), ""));
        let payloads = stage.home.payloads();
        let reason = payloads.iter().find(|payload| payload["hook_event_name"] == "StopFailure").unwrap()["error"].clone();
        let session = stage.session_of(&run.session_id());
        let timeline = stage.timeline(&session);
        assert_eq!((timeline.len(), &timeline[0]["outcome"], &timeline[0]["error"]), (1, &"failed".into(), &reason));
        assert_eq!(session["status"], "COMPLETED");
        stage.compare(1);
    }
}

#[test]
fn an_api_that_recovers_leaves_no_trace_in_the_turn() {
    let Some(stage) = Stage::set() else { return };
    stage.run("Go. @@retry529", &[]);
    assert_eq!(stage.outcomes(&stage.only_session()), [("completed".to_owned(), Vec::new())]);
    stage.compare(1);
}
