use super::super::{AliasRule, Joiner, OperationPermissions, Provenance, Scheme};
use super::{path_set, table};

const WORK: Scheme = Scheme::DelegatedWork;
const APP: Scheme = Scheme::Application;

/// A joiner over one permission `P` that allows these methods on these paths, delegated and as an application.
fn joiner(methods: &str, paths: &[&str]) -> Joiner {
    let paths: Vec<_> = paths.iter().map(|path| (*path, "")).collect();
    Joiner::new(&table(&[("P", &path_set(methods, "DelegatedWork,Application", &paths))]))
}

fn alias(path: &str, rules: &[AliasRule]) -> Provenance {
    Provenance::Alias { path: path.to_owned(), rules: rules.to_vec() }
}

/// The names of one scheme in order, the least privileged ones with `*`.
fn names(permissions: &OperationPermissions, scheme: Scheme) -> Vec<String> {
    let requirements = permissions.schemes.get(&scheme).into_iter().flatten();
    requirements.map(|r| format!("{}{}", r.permission, if r.least { "*" } else { "" })).collect()
}

#[test]
fn the_least_privileged_permission_comes_first_then_the_privilege_level_then_the_name() {
    let all = path_set("GET", "DelegatedWork", &[("/x", "")]);
    let least = path_set("GET", "DelegatedWork", &[("/x", "least=DelegatedWork")]);
    let table = table(&[("B@1", &all), ("A@1", &all), ("Unrated", &all), ("High@4", &all), ("Z@3", &least)]);
    let found = Joiner::new(&table).join("GET", "/x");
    assert_eq!(names(&found, WORK), ["Z*", "A", "B", "High", "Unrated"]);
    assert_eq!(found.provenance, Provenance::Documented);
    assert!(!found.schemes.contains_key(&APP), "a scheme without a row is not supported");
}

#[test]
fn a_permission_that_allows_only_reading_is_less_than_one_that_also_allows_writing() {
    let flagged = |methods| path_set(methods, "Application", &[("/x/{id}", "least=Application")]);
    let table = table(&[("ReadWrite", &flagged("GET,PATCH")), ("Read", &flagged("GET"))]);
    let joiner = Joiner::new(&table);
    assert_eq!(names(&joiner.join("GET", "/x/{x-id}"), APP), ["Read*", "ReadWrite"]);
    assert_eq!(names(&joiner.join("PATCH", "/x/{x-id}"), APP), ["ReadWrite*"]);
}

#[test]
fn how_much_a_permission_allows_is_counted_on_the_same_path_in_the_same_scheme() {
    // A: two methods on /x as an application, one delegated, and many elsewhere, which count for nothing.
    let flag = &[("/x", "least=DelegatedWork")];
    let a = [
        path_set("GET", "DelegatedWork", flag),
        path_set("POST", "Application", &[("/x", "")]),
        path_set("PUT,PATCH,DELETE", "DelegatedWork", &[("/y", "")]),
    ];
    let table = table(&[("A", &a.join(",")), ("B", &path_set("GET,POST", "DelegatedWork", flag))]);
    assert_eq!(names(&Joiner::new(&table).join("GET", "/x"), WORK), ["A*", "B"]);
}

#[test]
fn what_a_permission_requires_besides_is_kept_and_widened_by_a_second_row() {
    let row = |facts| path_set("GET", "Application", &[("/x", facts)]);
    let also = |rows: &[String]| {
        let table = table(&[("P", &rows.join(","))]);
        Joiner::new(&table).join("GET", "/x").schemes[&APP][0].also.clone()
    };
    assert_eq!(also(&[row("least=Application;AlsoRequires=B,A")]), ["B", "A"]);
    assert_eq!(also(&[row("AlsoRequires=A"), row("AlsoRequires=A,C")]), ["A", "C"]);
    let wider = path_set("GET,POST", "Application", &[("/x", "")]);
    for rows in [[row("AlsoRequires=A"), row("")], [row("AlsoRequires=A"), wider]] {
        assert!(also(&rows).is_empty(), "one row says that it is enough alone: {rows:?}");
    }
}

#[test]
fn least_in_one_of_two_rows_is_least() {
    let row = |facts| path_set("GET", "Application", &[("/x", facts)]);
    let table = table(&[("P", &format!("{}, {}", row(""), row("least=Application")))]);
    assert_eq!(names(&Joiner::new(&table).join("GET", "/x"), APP), ["P*"]);
}

#[test]
fn rows_that_differ_in_spelling_only_are_one_row() {
    let row = |path| path_set("GET", "Application", &[(path, "")]);
    let table =
        table(&[("A", &row("/Teams/(team-id)/channels/")), ("B", &row("/teams/{id}}/channels?$top=1"))]);
    let joiner = Joiner::new(&table);
    assert_eq!(names(&joiner.join("GET", "/teams/{team-id}/channels"), APP), ["A", "B"]);
    let rows = joiner.rows([]);
    assert_eq!((rows.len(), rows[0].path, rows[0].spellings.len()), (1, "/teams/{}/channels", 2));
}

#[test]
fn without_a_row_nothing_is_known_and_nothing_is_inherited_from_a_parent() {
    let joiner = joiner("GET", &["/x"]);
    for (method, path) in [("POST", "/x"), ("GET", "/x/{id}"), ("GET", "/x/y"), ("GET", ""), ("BREW", "/x")] {
        let found = joiner.join(method, path);
        assert_eq!(found.provenance, Provenance::Unknown, "{method} {path}");
        assert!(found.schemes.is_empty());
    }
}

#[test]
fn me_takes_the_delegated_permissions_of_a_user_and_never_an_applications() {
    let joiner = joiner("GET", &["/users/{id}/messages", "/users", "/me/documented"]);
    let found = joiner.join("GET", "/me/messages");
    assert_eq!(found.provenance, alias("/users/{}/messages", &[AliasRule::Me]));
    assert_eq!((names(&found, WORK), names(&found, APP)), (vec!["P".to_owned()], vec![]));
    let found = joiner.join("GET", "/me/documented");
    assert_eq!(found.provenance, Provenance::Documented);
    assert!(!found.schemes.contains_key(&APP));
    let found = joiner.join("GET", "/users/{user-id}/documented");
    assert_eq!(found.provenance, alias("/me/documented", &[AliasRule::Me]));
    assert!(!found.schemes.contains_key(&APP), "a row of /me says nothing about applications");
}

#[test]
fn me_is_unknown_where_only_applications_are_documented() {
    let row = path_set("GET", "Application", &[("/me/x", ""), ("/users/{id}/y", "")]);
    let joiner = Joiner::new(&table(&[("P", &row)]));
    assert_eq!(joiner.join("GET", "/me/x").provenance, Provenance::Unknown);
    assert_eq!(joiner.join("GET", "/me/y").provenance, Provenance::Unknown);
}

#[test]
fn every_drive_takes_the_permissions_of_an_equivalent_drive() {
    let joiner = joiner(
        "GET",
        &["/me/drive/root/children", "/groups/{id}/drive/root:/{path}:/children", "/drives/{id}/list"],
    );
    let found = joiner.join("GET", "/sites/{site-id}/drives/{drive-id}/items/{driveItem-id}/children");
    let groups = alias("/groups/{}/drive/root:/{}:/children", &[AliasRule::Drive]);
    assert_eq!(found.provenance, groups, "/me comes last, as it lacks a scheme");
    assert_eq!(names(&found, APP), ["P"]);
    let found = joiner.join("GET", "/users/{user-id}/drive/list");
    assert_eq!(found.provenance, alias("/drives/{}/list", &[AliasRule::Drive]));
}

#[test]
fn references_counts_and_casts_take_the_permissions_of_what_they_belong_to() {
    use AliasRule::{Cast, Count, Me, Reference};
    let joiner = joiner("GET,POST", &["/users/{id}/groups", "/users/{id}/photo"]);
    let path = "/users/{}/groups";
    for (method, operation, expected) in [
        ("POST", "/users/{user-id}/groups/$ref", alias(path, &[Reference])),
        ("GET", "/users/{user-id}/photo/$value", alias("/users/{}/photo", &[Reference])),
        ("GET", "/users/{user-id}/groups/$count", alias(path, &[Count])),
        ("GET", "/users/{user-id}/groups/graph.group", alias(path, &[Cast])),
        ("GET", "/users/{user-id}/groups/graph.group/$count", alias(path, &[Count, Cast])),
        ("GET", "/me/groups/graph.group/$count", alias(path, &[Count, Cast, Me])),
        ("POST", "/users/{user-id}/groups/graph.group", Provenance::Unknown),
        ("POST", "/users/{user-id}/groups/$count", Provenance::Unknown),
        ("GET", "/users/{user-id}/groups/graph.find()", Provenance::Unknown),
    ] {
        assert_eq!(joiner.join(method, operation).provenance, expected, "{method} {operation}");
    }
}

#[test]
fn a_row_of_its_own_goes_before_any_alias() {
    let own = path_set("GET", "DelegatedWork", &[("/me/groups/$count", "")]);
    let other = path_set("GET", "DelegatedWork", &[("/me/groups", ""), ("/users/{id}/groups/$count", "")]);
    let joiner = Joiner::new(&table(&[("Other", &other), ("Own", &own)]));
    let found = joiner.join("GET", "/me/groups/$count");
    assert_eq!(
        (found.provenance.clone(), names(&found, WORK)),
        (Provenance::Documented, vec!["Own".to_owned()])
    );
}

#[test]
fn a_function_is_found_by_its_arguments_names_else_by_its_name() {
    let rows = ["/r/f(a={value},b={value})", "/r/f", "/r/g(period={value})", "/r/h"];
    let rows = rows.map(|path| (path, path_set("GET", "Application", &[(path, "")])));
    let named: Vec<_> =
        ["FAB", "F", "G", "H"].into_iter().zip(rows.iter().map(|(_, row)| row.as_str())).collect();
    let joiner = Joiner::new(&table(&named));
    for (path, expected) in [
        ("/r/f(b='{b}',a={a})", "FAB"),
        ("/r/f(c={c})", "F"),
        ("/r/f()", "F"),
        ("/r/g()", "G"),
        ("/r/g(date={date})", "G"),
        ("/r/microsoft.graph.x.h(y={y})", "H"),
    ] {
        let found = joiner.join("GET", path);
        assert_eq!(
            (names(&found, APP), found.provenance),
            (vec![expected.to_owned()], Provenance::Documented),
            "{path}"
        );
    }
}

#[test]
fn an_alternate_key_is_a_key_and_never_the_whole_collection() {
    let collection = path_set("GET,POST", "Application", &[("/users", "")]);
    let key = path_set("GET", "Application", &[("/users/{id}", ""), ("/users/{id}/photo", "")]);
    let joiner = Joiner::new(&table(&[("Collection", &collection), ("Key", &key)]));
    assert_eq!(names(&joiner.join("GET", "/users(userPrincipalName='{userPrincipalName}')"), APP), ["Key"]);
    assert_eq!(names(&joiner.join("GET", "/users(mail='{mail}')/photo"), APP), ["Key"]);
    let found = joiner.join("POST", "/users(userPrincipalName='{userPrincipalName}')");
    assert_eq!(found.provenance, Provenance::Unknown);
}

#[test]
fn every_row_says_whether_an_operation_uses_it() {
    let joiner = joiner("GET", &["/users", "/users/{id}", "/places/{id}"]);
    let operations = [("GET", "/users"), ("GET", "/users/$count"), ("GET", "/me"), ("GET", "/nowhere")];
    let rows: Vec<_> =
        joiner.rows(operations).iter().map(|r| (r.path.to_owned(), r.documents, r.lends)).collect();
    let row = |path: &str, documents, lends| (path.to_owned(), documents, lends);
    assert_eq!(
        rows,
        [row("/places/{}", false, false), row("/users", true, true), row("/users/{}", false, true)]
    );
}
