//! The normal form of a path, in which the permission table's rows and an operation's path are compared.
//!
//! The table is written by many hands: keys are called `{id}`, `{user-id}` or `(team-id)`, names stand in any case,
//! functions with and without parentheses, type casts with and without their namespace.

/// One segment of a path in normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) text: String,
    /// Whether the segment was a name with a namespace and no parentheses, as a type cast is.
    pub(super) cast: bool,
}

/// The normal form of a path of the permission table or of an operation.
///
/// Lower case, without query and trailing `/`; `{}` for every key and argument; casts and operations without
/// `microsoft.graph.`; a function without arguments without parentheses, otherwise its arguments sorted by name;
/// a key in parentheses as a segment of its own; a file path after `root:/` as one key.
///
/// ```
/// use msgraph_codegen::permissions::normal_form;
///
/// assert_eq!(normal_form("/Users/{user-id}/messages('{id}')/"), "/users/{}/messages/{}");
/// assert_eq!(normal_form("/me/view(b='{b}', a={value})"), "/me/view(a={},b={})");
/// ```
pub fn normal_form(path: &str) -> String {
    join(&segments(path))
}

/// The text of a path in normal form.
pub(super) fn join(segments: &[Segment]) -> String {
    segments.iter().flat_map(|segment| ["/", segment.text.as_str()]).collect()
}

/// The segments of a path's normal form.
pub(super) fn segments(path: &str) -> Vec<Segment> {
    let path = path.split_once('?').map_or(path, |(path, _query)| path);
    let path = without_key_names(&path.to_lowercase());
    let mut segments = Vec::new();
    for text in split(&path).into_iter().map(str::trim).filter(|text| !text.is_empty()) {
        push_segment(&mut segments, text);
    }
    join_file_path(&mut segments);
    segments
}

/// Makes `{}` of every `{x}`, of `{x}}` and of the quoted `'{x}'`.
fn without_key_names(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let end = after.find(['}', '/']).unwrap_or(after.len());
        let after = after[end..].trim_start_matches('}');
        match (before.strip_suffix('\''), after.strip_prefix('\'')) {
            (Some(before), Some(after)) => {
                out.push_str(before);
                rest = after;
            }
            _ => {
                out.push_str(before);
                rest = after;
            }
        }
        out.push_str("{}");
    }
    out + rest
}

/// Splits at each `/` that is not within parentheses; an argument's value may contain one.
fn split(path: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let balanced = path.matches('(').count() == path.matches(')').count();
    path.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '/' && (depth == 0 || !balanced)
    })
    .collect()
}

fn push_segment(segments: &mut Vec<Segment>, text: &str) {
    let mut push = |text: &str, cast| segments.push(Segment { text: text.to_owned(), cast });
    let Some((name, arguments)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else {
        if is_composite_key(text) {
            return push("{}", false);
        }
        let name = without_namespace(text);
        return push(name, name.len() < text.len());
    };
    let name = without_namespace(name);
    let arguments: Vec<_> =
        arguments.split(',').map(str::trim).filter(|argument| !argument.is_empty()).collect();
    match arguments.as_slice() {
        // `(team-id)`: somebody's key in the wrong brackets.
        _ if name.is_empty() => push("{}", false),
        [] => push(name, false),
        [key] if !key.contains('=') => {
            push(name, false);
            push("{}", false);
        }
        _ => push(&with_arguments(name, &arguments), false),
    }
}

/// What follows the last dot, if the name is in one of Graph's namespaces.
fn without_namespace(name: &str) -> &str {
    if name.starts_with("microsoft.graph.") || name.starts_with("graph.") {
        name.rsplit_once('.').map_or(name, |(_namespace, name)| name)
    } else {
        name
    }
}

/// `a={},b={}`: a key of several properties is one key.
fn is_composite_key(text: &str) -> bool {
    text.contains(',') && text.split(',').all(|part| part.trim().ends_with("={}"))
}

/// Arguments count by name only: whether a value is quoted and what it is called differs from row to row.
fn with_arguments(name: &str, arguments: &[&str]) -> String {
    let mut names: Vec<_> = arguments
        .iter()
        .map(|argument| argument.split_once('=').map_or("", |(name, _)| name.trim_end()))
        .collect();
    names.sort_unstable();
    let arguments: Vec<_> = names.into_iter().map(|name| format!("{name}={{}}")).collect();
    format!("{name}({})", arguments.join(","))
}

/// Makes `root:/{}:` of an example such as `root:/folder/file.txt:`.
fn join_file_path(segments: &mut Vec<Segment>) {
    let Some(root) = segments.iter().position(|segment| segment.text == "root:") else { return };
    let start = root + 1;
    if let Some(length) = segments[start..].iter().position(|segment| segment.text.ends_with(':')) {
        let file = Segment { text: "{}:".to_owned(), cast: false };
        segments.splice(start..=start + length, [file]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each pair: as written, and the normal form.
    fn check(cases: &[(&str, &str)]) {
        for (path, expected) in cases {
            assert_eq!(normal_form(path), *expected, "{path}");
            assert_eq!(normal_form(expected), *expected, "the normal form of a normal form is itself");
        }
    }

    #[test]
    fn case_trailing_slash_and_query_do_not_count() {
        check(&[
            (
                "/agentRegistry/agentInstances?$filter=agentCardManifest/id eq '{id}'",
                "/agentregistry/agentinstances",
            ),
            ("/x/{id}/policies?$filter=isof('microsoft.graph.networkaccess.y')", "/x/{}/policies"),
            ("/servicePrincipals/{id}/sponsors/", "/serviceprincipals/{}/sponsors"),
            ("/me", "/me"),
            ("", ""),
        ]);
    }

    #[test]
    fn a_key_is_a_key_whatever_it_is_called() {
        check(&[
            ("/users/{user-id}/messages/{message-id}", "/users/{}/messages/{}"),
            ("/applications/{id}}/repair", "/applications/{}/repair"),
            ("/teams/(team-id)/channels/{id}", "/teams/{}/channels/{}"),
            ("/users/'{id}'", "/users/{}"),
            ("/x/{unclosed/y", "/x/{}/y"),
            ("/x/key1={key1},key2='{key2}'/y", "/x/{}/y"),
        ]);
    }

    #[test]
    fn a_key_in_parentheses_is_a_segment() {
        check(&[
            ("/deviceManagement/authority({id})/revoke", "/devicemanagement/authority/{}/revoke"),
            ("/rp/ingest('{itemId}')", "/rp/ingest/{}"),
        ]);
    }

    #[test]
    fn arguments_are_compared_by_name() {
        check(&[
            (
                "/me/reminderView(StartDateTime='{StartDateTime}',EndDateTime='{EndDateTime}')",
                "/me/reminderview(enddatetime={},startdatetime={})",
            ),
            (
                "/x/resizedrange(deltarows={value}, deltacolumns={value})",
                "/x/resizedrange(deltacolumns={},deltarows={})",
            ),
            ("/reports/getx(period='D7')", "/reports/getx(period={})"),
            ("/x/range(address='{a}/{b}')/clear", "/x/range(address={})/clear"),
            ("/users/delta()", "/users/delta"),
            ("/places/graph.room/f( )", "/places/room/f"),
        ]);
    }

    #[test]
    fn namespaces_of_graph_are_left_out() {
        check(&[
            ("/places/microsoft.graph.room/$count", "/places/room/$count"),
            ("/x/microsoft.graph.security.caseManagement.auditLog", "/x/auditlog"),
            ("/x/graph.vote", "/x/vote"),
            ("/x/microsoft.graph.security.run(a={b.c})", "/x/run(a={})"),
            ("/x/microsoft.management.services.api.update", "/x/microsoft.management.services.api.update"),
        ]);
        let casts: Vec<_> =
            segments("/places/graph.room/rooms/graph.f()").into_iter().map(|s| s.cast).collect();
        assert_eq!(casts, [false, true, false, false], "a function is no cast");
    }

    #[test]
    fn a_file_path_is_one_key() {
        check(&[
            ("/me/drive/root:/foldera/fileb.txt:/content", "/me/drive/root:/{}:/content"),
            ("/me/drive/root:/{item-path}:/content", "/me/drive/root:/{}:/content"),
            ("/drives/{id}/root:/{id}", "/drives/{}/root:/{}"),
        ]);
    }

    #[test]
    fn broken_brackets_do_no_harm() {
        check(&[("/a(b/c/", "/a(b/c"), ("/x/itemat(index={value})range", "/x/itemat(index={})range")]);
        for path in ["/a(b/c", "/a)b/c", "/'{", "(((", "/a/{}}}'", "/\u{130}{é}/ß(ß=", "/()", "/x(=)"] {
            let once = normal_form(path);
            assert_eq!(normal_form(&once), once, "{path}");
        }
    }
}
