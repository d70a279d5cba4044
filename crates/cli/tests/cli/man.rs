use crate::env;

#[test]
fn the_manual_page_is_roff() {
    let page = env().answer(["man"]);
    assert!(page.contains(".TH rutter 1") && page.contains("rutter\\-start"), "{page}");
}

#[test]
fn a_directory_takes_a_page_for_every_command() {
    let env = env();
    let directory = env.path("man1");
    std::fs::create_dir(&directory).unwrap();
    assert_eq!(env.answer(["man", "--out", directory.to_str().unwrap()]), "");
    for page in ["rutter.1", "rutter-start.1", "rutter-work-add.1"] {
        assert!(directory.join(page).exists(), "{page}");
    }
    insta::assert_snapshot!(env.run(["man", "--out", "/no/such/place"]), @"
    [exit 3]
    [err] error: cannot write manual pages into `/no/such/place`
    [err]   cause: No such file or directory (os error 2)
    ");
}
