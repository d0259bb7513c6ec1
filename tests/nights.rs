//! Nights as an operator has them, good and bad: the real program in a pseudo-terminal, in tmux and in an xterm, its
//! keys pressed one by one and its screen read by a terminal emulator, or from the terminal itself.
//!
//! Each test is one path, with folders and processes of its own. What needs tmux, an xterm or an sshd says loudly
//! where it was left out.

mod nights {
    mod bad;
    mod broken;
    mod home;
    mod idle;
    mod kinds;
    mod link;
    mod mux;
    mod panics;
    mod people;
    #[path = "../sshd/mod.rs"]
    mod sshd;
    mod tty;
    mod window;
    mod xterm;
}
