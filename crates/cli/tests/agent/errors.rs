//! A model that cannot be reached.

use crate::stage::Stage;

#[test]
fn an_error_of_the_api_is_a_failed_turn_with_the_reason() {
    let Some(stage) = Stage::set() else { return };
    let agent = stage.home.interactive(&[]);
    let scripts = ["e400", "e429", "e529"];
    for (failed, script) in scripts.iter().enumerate() {
        agent.submit(&format!("Go. @@{script}"));
        stage.wait_for_hooks("StopFailure", failed + 1);
    }
    assert!(agent.exit().success());
    let payloads = stage.home.payloads();
    let told: Vec<_> = payloads.iter().filter(|payload| payload["hook_event_name"] == "StopFailure").map(|each| &each["error"]).collect();
    let timeline = stage.timeline(&stage.only_session());
    assert!(timeline.iter().all(|turn| turn["outcome"] == "failed"), "{timeline:#?}");
    assert_eq!(timeline.iter().map(|turn| &turn["error"]).collect::<Vec<_>>(), told);
    stage.compare(3);
}

/// With `-p` the agent does not wait for the hook that tells of the error, and ends it with itself: it may come through or not.
#[test]
fn an_error_that_ends_a_print_run_never_looks_like_a_completed_turn() {
    let Some(stage) = Stage::set() else { return };
    let run = stage.home.run_print("Go. @@e400", &[]);
    assert_eq!((run.code, &run.result().unwrap()["api_error_status"], run.stderr.as_str()), (Some(1), &400.into(), ""));
    let session = stage.session_of(&run.session_id());
    let [(turn, calls)] = &stage.outcomes(&session)[..] else { panic!("one turn") };
    assert!(["failed", "interrupted"].contains(&turn.as_str()) && calls.is_empty(), "{turn}");
    assert_eq!(session["status"], "COMPLETED");
}

#[test]
fn an_api_that_recovers_leaves_no_trace_in_the_turn() {
    let Some(stage) = Stage::set() else { return };
    stage.run("Go. @@retry529", &[]);
    assert_eq!(stage.outcomes(&stage.only_session()), [("completed".to_owned(), Vec::new())]);
    stage.compare(1);
}
