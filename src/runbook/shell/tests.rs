use super::*;

/// The capital names that are read and not set.
fn reads(text: &str) -> Vec<&str> {
    let Variables { reads, sets, .. } = variables(text);
    reads
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !sets.contains(name) && !name.starts_with(|c: char| c.is_lowercase()))
        .collect()
}

#[test]
fn what_a_shell_would_expand_is_found() {
    assert_eq!(
        reads("rsync ${A}/x \"$B:$C\" `echo $D`"),
        ["A", "B", "C", "D"]
    );
    assert_eq!(reads("echo \"$(cat '$NOT' \"$IN\")\" $OUT"), ["IN", "OUT"]);
    assert_eq!(
        reads("cat <<EOF | grep $X\n$Y \\$N\nEOF\necho $Z"),
        ["X", "Y", "Z"]
    );
    assert_eq!(
        reads("echo ${#A} ${B%/} ${C:?gone} $1 $? $$ ${1}"),
        ["A", "B", "C"]
    );
    assert_eq!(reads("for x in a; do echo $x $Y; done"), ["Y"]);
}

#[test]
fn what_only_looks_like_it_is_left_alone() {
    for text in [
        "awk '{ print $NF }' file",
        "echo \\$HOME_DIR \"\\$X\"",
        "cat <<'EOF'\n$REMOTE\nEOF\n",
        "cat <<-\"END\"\n\t$REMOTE\n\tEND\n",
        "A=1; echo $A",
        "export A=$(date) && echo $A",
        "for F in *; do echo $F; done",
        "while read -r ONE TWO; do echo $ONE$TWO; done",
        "printf -v OUT %s x; echo $OUT",
        "echo ${A:-default} ${B+set}",
        "true # costs $MONEY",
        "echo $'it\\'s $NOT'",
        "(( COUNT = 1 )); COUNT+=1; echo $COUNT",
    ] {
        assert_eq!(reads(text), [""; 0], "{text}");
    }
}

#[test]
fn a_text_that_runs_other_text_says_so() {
    assert!(variables(". ./env.sh; echo $X").runs_other_text);
    assert!(variables("eval \"$X\"").runs_other_text);
    assert!(!variables("ls .; cat source.txt").runs_other_text);
}

#[test]
fn torn_texts_neither_panic_nor_hang() {
    for text in [
        "$",
        "${",
        "${#",
        "${!",
        "$(",
        "\"",
        "'",
        "`",
        "\\",
        "<<",
        "<<-",
        "<<'",
        "<<E\n",
        "é\\é$é",
        "\\é",
        "${é}",
        "$(((",
        ")))",
        "<<A <<B\n$X\nA\n$Y",
        "$'\\",
        "<<\"é",
        "${A",
        "{",
        "#",
    ] {
        variables(text);
    }
    let deep = "$(cat <<E\n".repeat(20_000);
    variables(&deep);
}
