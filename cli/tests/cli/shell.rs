use crate::msgraph;

#[test]
fn completions_know_the_commands_of_each_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let done = msgraph().args(["completions", shell]).assert().success();
        let text = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
        assert!(text.contains("permissions") && text.contains("completions"), "{shell}: {text}");
    }
}

#[test]
fn the_man_page_and_the_help_say_the_exit_codes() {
    for args in [&["man"][..], &["--help"][..]] {
        let done = msgraph().args(args).assert().success();
        let text = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
        assert!(text.contains("what was checked is not in order"), "{args:?}: {text}");
    }
}

#[test]
fn there_is_a_man_page_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    msgraph().args(["man", "--out"]).arg(folder.path().join("man")).assert().success();
    let page = folder.path().join("man/msgraph-completions.1");
    assert!(page.is_file(), "{page:?}");
}

#[test]
fn an_unknown_command_is_a_wrong_argument() {
    msgraph().arg("permission").assert().code(2);
}
