"""A terminal of the benchmarks' own: a pseudo-terminal and the little of an emulator that finds words on it."""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

# Whole escape sequences, and the text between them. What is not whole yet waits for its rest.
PARTS = re.compile(r"\x1b\[([0-?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^\[\]]|[^\x1b]+")


class Screen:
    """The characters on a screen, without their colours."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.rest = ""
        self.wipe()

    def wipe(self):
        self.cells = [[" "] * self.columns for _ in range(self.rows)]
        self.at = (0, 0)

    def feed(self, data):
        text = self.rest + self.decoder.decode(data)
        end = 0
        for part in PARTS.finditer(text):
            if part.start() != end:
                break
            end = part.end()
            self.take(part)
        self.rest = text[end:]

    def take(self, part):
        if part.group(2) is None:
            if not part.group().startswith("\x1b"):
                self.write(part.group())
        elif part.group(2) in "Hf":
            row, column = ([int(n or 1) for n in part.group(1).split(";")] + [1, 1])[:2]
            self.at = (row - 1, column - 1)
        elif part.group(2) == "J" and part.group(1) in ("2", "3"):
            self.wipe()

    def write(self, text):
        row, column = self.at
        for sign in text:
            if sign == "\r":
                column = 0
            elif sign == "\n":
                row += 1
            elif sign >= " " and row < self.rows and column < self.columns:
                self.cells[row][column] = sign
                column += 1
        self.at = (row, column)

    def shows(self, words):
        return any(words in "".join(line) for line in self.cells)

    def __str__(self):
        return "\n".join("".join(line).rstrip() for line in self.cells)


class Terminal:
    """A program on a terminal of a given size."""

    def __init__(self, command, environment, columns, rows):
        self.screen = Screen(columns, rows)
        self.started = time.monotonic()
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            self.tell_speed()
            os.execve(command[0], command, dict(environment, TERM="xterm-256color", LC_ALL="C.UTF-8"))

    def press(self, key):
        os.write(self.end, key.encode())
        return time.monotonic()

    def read(self, seconds):
        """Takes what comes within that time; gives when it came, or none."""
        if not select.select([self.end], [], [], max(0.0, seconds))[0]:
            return None
        try:
            data = os.read(self.end, self.most())
        except OSError:
            data = b""
        if not data:
            sys.exit(f"bench: the wizard left its terminal:\n{self.screen}")
        came = time.monotonic()
        self.took(data)
        self.screen.feed(data)
        return came

    def tell_speed(self):
        """Sets what the terminal says of its line."""

    def most(self):
        """How many bytes are taken at once."""
        return 1 << 16

    def took(self, data):
        """Is told of what was written to it."""

    def until(self, holds, seconds, what):
        """Reads until something holds on the screen; gives when the bytes came that made it so."""
        came, last = time.monotonic(), time.monotonic() + seconds
        while not holds(self.screen):
            came = self.read(last - time.monotonic())
            if came is None:
                sys.exit(f"bench: {what} did not come within {seconds} s:\n{self.screen}")
        return came

    def rest(self, seconds):
        """Reads whatever comes for so long."""
        last = time.monotonic() + seconds
        while last > time.monotonic():
            self.read(last - time.monotonic())

    def close(self):
        """Hangs up, which the wizard takes as a person who leaves."""
        os.close(self.end)
        os.kill(self.pid, signal.SIGHUP)
        os.waitpid(self.pid, 0)
