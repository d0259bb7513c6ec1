//! Made-up configuration files that look like real ones, with places in them to edit.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A file and where its values are.
#[derive(Debug, Clone)]
pub(crate) struct MadeUp {
    pub(crate) text: String,
    /// The keys that lead to each single value.
    pub(crate) paths: Vec<Vec<String>>,
}

/// Single values as people write them.
const SCALARS: [&str; 24] = [
    "plain",
    "two words",
    "8080",
    "-1",
    "1.5",
    "true",
    "no",
    "~",
    "null",
    "\"\"",
    "'it''s'",
    "\"a \\\"b\\\" \\u00e9\"",
    "http://a.example:80/x?y=1#z",
    "a:b",
    "'# not'",
    "\"#\"",
    "ünï ☃",
    "10.0.0.1",
    "'007'",
    "007",
    "2026-01-01",
    "0x1f",
    "a, b",
    "${X:-y}",
];

/// Those that may stand between braces as well.
const IN_FLOW: [&str; 6] = ["plain", "8080", "'a, b'", "\"}\"", "ünï", "10.0.0.1"];

/// Values that somebody may want there.
pub(crate) fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        select(SCALARS.to_vec()).prop_map(str::to_owned),
        select(vec![
            "", " x ", "-", "?", "a: b", "a #b", "'", "\"", "\\", "[a]", "{{x}}", "*a", "&a", "!t",
            "|", "%", "@", "`", "---", "..."
        ])
        .prop_map(str::to_owned),
        "[ -~é]{0,12}",
        "(?s)[^\0]{0,8}",
    ]
}

#[derive(Debug, Clone)]
struct Entry {
    key: &'static str,
    shape: u8,
    values: Vec<&'static str>,
    flow: Vec<&'static str>,
    note: Option<&'static str>,
    before: &'static str,
}

fn entry() -> impl Strategy<Value = Entry> {
    (
        select(vec!["image", "port", "é", "a.b", "x-y", "Data"]),
        0_u8..5,
        vec(select(SCALARS.to_vec()), 1..4),
        vec(select(IN_FLOW.to_vec()), 1..4),
        proptest::option::of(select(vec![" # note", "   # it's {odd}: [a"])),
        select(vec!["", "", "\n", "# a comment: x\n", "  # indented\n\n"]),
    )
        .prop_map(|(key, shape, values, flow, note, before)| Entry {
            key,
            shape,
            values,
            flow,
            note,
            before,
        })
}

/// How lines end, whether the last one does, and how deep things stand.
fn layout() -> impl Strategy<Value = (bool, bool, usize, bool)> {
    (
        any::<bool>(),
        any::<bool>(),
        select(vec![2_usize, 4]),
        any::<bool>(),
    )
}

fn laid_out(text: &str, crlf: bool, ends: bool) -> String {
    let text = if ends {
        text
    } else {
        text.trim_end_matches('\n')
    };
    if crlf {
        text.replace('\n', "\r\n")
    } else {
        text.to_owned()
    }
}

/// A YAML file of maps, lists, flow maps and blocks of lines.
pub(crate) fn yaml() -> impl Strategy<Value = MadeUp> {
    (vec(entry(), 1..7), layout()).prop_map(|(entries, (crlf, ends, deep, marked))| {
        let mut text = if marked {
            "---\n".to_owned()
        } else {
            String::new()
        };
        let mut paths = Vec::new();
        let indent = " ".repeat(deep);
        for (number, entry) in entries.iter().enumerate() {
            let key = format!("{}{number}", entry.key);
            let note = entry.note.unwrap_or_default();
            text.push_str(entry.before);
            match entry.shape {
                0 => {
                    text.push_str(&format!("{key}: {}{note}\n", entry.values[0]));
                    paths.push(vec![key]);
                }
                1 => {
                    text.push_str(&format!("{key}:{note}\n"));
                    for (at, value) in entry.values.iter().enumerate() {
                        text.push_str(&format!("{indent}k{at}:  {value}{note}\n"));
                        paths.push(vec![key.clone(), format!("k{at}")]);
                    }
                }
                2 => {
                    text.push_str(&format!("{key}:\n"));
                    for (at, value) in entry.values.iter().enumerate() {
                        text.push_str(&format!("{indent}- {value}{note}\n"));
                        paths.push(vec![key.clone(), at.to_string()]);
                    }
                }
                3 => {
                    let pairs: Vec<String> = entry
                        .flow
                        .iter()
                        .enumerate()
                        .map(|(at, value)| format!("f{at}: {value}"))
                        .collect();
                    text.push_str(&format!("{key}: {{ {} }}{note}\n", pairs.join(", ")));
                    paths.extend(
                        (0..entry.flow.len()).map(|at| vec![key.clone(), format!("f{at}")]),
                    );
                }
                _ => text.push_str(&format!(
                    "{key}: |\n{indent}line: one # no note\n\n{indent}  two\n"
                )),
            }
        }
        // A last block of lines keeps its line end: it belongs to it.
        MadeUp {
            text: laid_out(&text, crlf, ends),
            paths,
        }
    })
}

/// An nginx file with the upstreams `u0` and `u1`, each passed to, among strings and braces of all sorts.
pub(crate) fn nginx() -> impl Strategy<Value = String> {
    let server = select(vec![
        "server 127.0.0.1:8080;",
        "server 127.0.0.2 weight=5 max_fails=3;",
        "server [::1]:80 backup;",
        "# server off;",
        "",
        "server 127.0.0.3:1 down; # {old}",
    ]);
    let other = select(vec![
        "",
        "# a comment with { and ; and \"",
        "location = /a { return 200 \"} ; {\"; }",
        "location ~ \"^/[a-z]{2,5}$\" { return 204; }",
        "if ($request_method = \"{\") { return 405; }",
        "add_header X-A 'it\\'s \\\\ {}';",
        "location /b { proxy_pass http://127.0.0.9/u0; }",
        "set $odd \"a;b ${host} ünï\";",
    ]);
    let target = select(vec![
        "http://u0",
        "http://u0/x?y",
        "\"http://u0$request_uri\"",
        "'http://U0/'",
    ]);
    (vec(server.clone(), 0..4), vec(server, 0..4), vec(other, 0..5), target, layout()).prop_map(
        |(one, two, others, target, (crlf, ends, deep, tabs))| {
            let tab = if tabs { "\t".to_owned() } else { " ".repeat(deep) };
            let mut text = "# made up\n\n".to_owned();
            for (name, servers) in [("u0", one), ("u1", two)] {
                text.push_str(&format!("upstream {name} {{\n{tab}server 127.0.0.1:9;\n"));
                servers.iter().for_each(|it| text.push_str(&format!("{tab}{it}\n")));
                text.push_str("}\n\n");
            }
            text.push_str(&format!("server {{\n{tab}listen 127.0.0.1:18099;\n"));
            others.iter().enumerate().for_each(|(at, it)| {
                let it = it.replace("/a ", &format!("/a{at} ")).replace("/b ", &format!("/b{at} ")).replace("[a-z]", &format!("[a-z]{at}"));
                text.push_str(&format!("{tab}{it}\n"));
            });
            text.push_str(&format!("{tab}location / {{\n{tab}{tab}proxy_pass {target};\n{tab}}}\n{tab}location /one {{\n{tab}{tab}proxy_pass http://u1;\n{tab}}}\n}}\n"));
            laid_out(&text, crlf, ends)
        },
    )
}
