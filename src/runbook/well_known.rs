//! Variables that are there without anybody declaring them.

/// Variables that a login, sudo or the shell itself sets (POSIX.1-2024 XBD 8, bash(1), environ(7)).
pub(super) fn is_well_known(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "COLUMNS",
        "COPROC",
        "DBUS_SESSION_BUS_ADDRESS",
        "DEBIAN_FRONTEND",
        "DIRSTACK",
        "DISPLAY",
        "EDITOR",
        "EPOCHREALTIME",
        "EPOCHSECONDS",
        "EUID",
        "FUNCNAME",
        "GROUPS",
        "HOME",
        "HOSTNAME",
        "HOSTTYPE",
        "IFS",
        "KUBECONFIG",
        "LANG",
        "LANGUAGE",
        "LINENO",
        "LINES",
        "LOGNAME",
        "MACHTYPE",
        "MAIL",
        "MAPFILE",
        "OLDPWD",
        "OPTARG",
        "OPTERR",
        "OPTIND",
        "OSTYPE",
        "PAGER",
        "PATH",
        "PIPESTATUS",
        "POSIXLY_CORRECT",
        "PPID",
        "PS1",
        "PS2",
        "PS4",
        "PWD",
        "RANDOM",
        "REPLY",
        "SECONDS",
        "SHELL",
        "SHELLOPTS",
        "SHLVL",
        "SRANDOM",
        "SUDO_COMMAND",
        "SUDO_GID",
        "SUDO_UID",
        "SUDO_USER",
        "TEMP",
        "TERM",
        "TMP",
        "TMPDIR",
        "TZ",
        "UID",
        "USER",
        "VISUAL",
    ];
    NAMES.binary_search(&name).is_ok()
        || ["BASH", "LC_", "SSH_", "XDG_"]
            .iter()
            .any(|family| name.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_variables_are_found_in_their_sorted_list() {
        for name in [
            "COLUMNS", "HOME", "PATH", "USER", "VISUAL", "LC_ALL", "BASHPID",
        ] {
            assert!(is_well_known(name), "{name}");
        }
        assert!(!is_well_known("PRYV_CONF_ROOT"));
    }
}
