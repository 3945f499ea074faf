# SPDX-License-Identifier: MIT
"""A failing command in place of each substitution, $(...) and <(...), of each
script that is a product. The script has to end rightly, with what it makes
when nothing fails, or with a message of its own. Beyond the substitution all
is as ever: tools that want root, a network or minutes are stand-ins, which
do what matters here. A substitution that no scenario reaches is a failure
too, and so is a script without a scenario.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.abspath("..")
# Ends in time even when a failure makes it wait for ever.
SECONDS = 60


class Scanner:
    """Finds the substitutions of a script: a list of (start, end) of what
    stands between the parentheses."""

    def __init__(self, text):
        self.text = text
        self.found = []
        self.heredocs = []
        self.code(0, None)

    def substitution(self, at):
        """at: just behind the opening parenthesis."""
        place = len(self.found)
        self.found.append(None)
        end = self.code(at, ")")
        self.found[place] = (at, end - 1)
        return end

    def expansion(self, at):
        """Of what begins with a dollar sign at this place, if anything."""
        text = self.text
        if text.startswith("$((", at):
            return self.code(at + 3, "))")
        if text.startswith("$(", at):
            return self.substitution(at + 2)
        if text.startswith("${", at):
            return self.quoted(at + 2, "}")
        return at + 1

    def quoted(self, at, closer):
        """Double quotes, and the inside of ${...}."""
        text = self.text
        while not text.startswith(closer, at):
            if text[at] == "\\":
                at += 2
            elif text[at] == "$":
                at = self.expansion(at)
            elif text[at] == '"' and closer != '"':
                at = self.quoted(at + 1, '"')
            else:
                at += 1
        return at + 1

    def skip_heredocs(self, at):
        """at: the first line after those that ask for them."""
        for word, quoted in self.heredocs:
            end = re.compile(r"^\t*%s$" % re.escape(word), re.M).search(
                self.text, at)
            assert quoted or "$(" not in self.text[at:end.start()], \
                "a substitution in a here-document: not looked at"
            at = end.end() + 1
        self.heredocs = []
        return at

    def code(self, at, closer):
        text = self.text
        depth = 0
        while at < len(text):
            if closer and not depth and text.startswith(closer, at):
                return at + len(closer)
            char = text[at]
            if char == "\\":
                at += 2
            elif char == "'":
                at = text.index("'", at + 1) + 1
            elif char == '"':
                at = self.quoted(at + 1, '"')
            elif char == "$":
                at = self.expansion(at)
            elif char in "<>" and text.startswith("(", at + 1) and \
                    closer != "))":
                at = self.substitution(at + 2)
            elif char == "#" and closer != "))" and \
                    (at == 0 or text[at - 1] in " \t\n(;"):
                at = text.find("\n", at) if "\n" in text[at:] else len(text)
            elif (match := re.compile(r"<<-?(['\"]?)(\w+)\1").match(text, at)) \
                    and closer != "))":
                self.heredocs.append((match[2], bool(match[1])))
                at = match.end()
            elif text.startswith("<<<", at):
                at += 3
            elif char == "\n":
                at = self.skip_heredocs(at + 1)
            else:
                if closer:
                    depth += (char == "(") - (char == ")")
                at += 1
        assert not closer, "a parenthesis that is not closed"
        return at


# Tools in place of the real ones. All are shell; $1 is what a real one gets.
STUBS = {
    "id": "echo 0",
    "sync": "",
    "df": "printf 'Avail\\n999999M\\n'",
    "setpriv": 'shift 2; exec "$@"',
    "unshare": 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"',
    "timeout": 'shift 2; exec "$@"',
    "env": """
[ "$1" = -i ] || exec /usr/bin/env "$@"
while case $1 in -i | *=*) ;; *) false ;; esac do shift; done
exec "$@" """,
    "mount": """
case $1 in -t) exit ;; esac
rm -rf "$3"; ln -s "$2" "$3" """,
    "umount": 'rm "$1"; mkdir "$1"',
    "chroot": """
case $1 in --*) [ -n "${1#--userspec=}" ] || exit 125; shift ;; esac
root=$1 command=$2
shift 2
for last; do :; done
case $command in
dpkg-query) printf 'ii bash\\t5.2\\nii zlib1g\\t1.3\\n' ;;
mke2fs) echo "$*" >"$root$last" ;;
mkinitramfs) echo initrd >"$root$2" ;;
sh) exec sh -c 'exec "$@"' sh true ;;
esac""",
    "apt-get": """
case "$*" in
indextargets*)
	echo "${INDEX_TARGETS-Debian|Debian|mirror+file:${0%/*/*}/mirrors/}" ;;
*linux-image-*)
	for last; do :; done
	echo kernel >"$root/boot/vmlinuz-${last#linux-image-}"
	echo initrd >"$root/boot/initrd.img-${last#linux-image-}" ;;
esac""",
    "apt-cache": "echo '  Depends: linux-image-6.1-amd64'",
    "apt-config": """echo 'Acquire::http::Proxy "http://proxy.invalid:1";'""",
    "apt-helper": """
for last; do from=$to to=$last; done
case $from in *dead*) exit 100 ;; *other*) origin=Other ;; *) origin=Debian ;; esac
printf '%s\\n' "Origin: $origin" 'Label: Debian' 'Architectures: all amd64' \\
	>"$last" """,
    "qemu-img": """
for last; do from=$to to=$last; done
case $1,$last in
convert,*) cp "$from" "$to" ;;
check,*.raw) exit 63 ;;
check,*) exit 3 ;;
esac""",
    "mmdebstrap": """
[ "$1" != --version ] || { echo mmdebstrap 1.3.5; exit; }
[ -z "$MMDEBSTRAP_SAID" ] || printf '%s\\n' "$@" >"$MMDEBSTRAP_SAID"
hooks=
for argument; do
	case $argument in
	--*-hook=*) hooks="$hooks ${argument#*=}" ;;
	*/root) export root=$argument ;;
	esac
done
for folder in proc dev etc/apt/sources.list.d boot mnt media tmp var/log \\
	usr/lib/modules; do mkdir -p "$root/$folder"; done
mkdir -p "$root/var/lib/apt/lists" "$root/var/cache/apt" \\
	"$root/etc/apt/apt.conf.d"
echo 'deb http://archive.invalid/debian trixie main' >"$root/etc/apt/sources.list"
: >"$root/etc/apt/apt.conf.d/99mmdebstrap"
export MMDEBSTRAP_APT_CONFIG=none
for hook in $hooks; do "$hook" "$root" || exit; done""",
    # Of .ci/run.
    "make": "pwd",
    # Of c/build-revision: a repository of one revision, and compilers of nothing.
    "git": """
case "$*" in
*archive*) tar -cf - -T /dev/null ;;
*) echo 1a2b3c4 ;;
esac""",
    # Of c/compare-builds.
    "build-revision": "echo 1a2b3c4 /folder/programs/t2t-trader-1",
    "t2t-run": """
echo '{"comparisons": [{"call": "slower"}, {"call": "slower"}], "aa": []}' |
	sed 's/[[{,]/&\\n/g; s/[]}]/\\n&/g'""",
}

BZIMAGE = bytearray(b"\0" * 1024)
BZIMAGE[510:512] = b"\x55\xaa"
BZIMAGE[514:518] = b"HdrS"
BZIMAGE[526:528] = (256).to_bytes(2, "little")
BZIMAGE[768:778] = b"6.9-own x\0"

MAKE_IMAGE = ["{copy}/images/make-image", "--output", "{copy}/output"]
OWN = ["--image", "{work}/own.raw", "--kernel", "{work}/bzImage",
       "--modules", "{work}/6.9-own"]
# Of each folder or file of scripts: commands that are run one after the other.
# Substitutions fail in the last alone.
SCENARIOS = {
    "images/": {
        "made": [MAKE_IMAGE + ["--kernel", "backports", "--with", "clang"]],
        "up to date": [MAKE_IMAGE, MAKE_IMAGE, MAKE_IMAGE],
        "own": [MAKE_IMAGE + OWN],
        "own, up to date": [MAKE_IMAGE + OWN, MAKE_IMAGE + OWN],
        "own, made again": [MAKE_IMAGE + OWN, MAKE_IMAGE + ["--force"]],
        "own, damaged": [MAKE_IMAGE + OWN,
                         ["rm", "{copy}/output/guest.qcow2"], MAKE_IMAGE],
        "refused": [MAKE_IMAGE + ["--kernel", "none"]],
        "a mirror": [MAKE_IMAGE + ["--mirror", "http://archive.invalid/d"]],
        "in-root": [MAKE_IMAGE, ["{copy}/images/in-root", "--images",
                                 "{copy}/output", "true"]],
    },
    "c/configure": {
        "configured": [["{copy}/configure", "--build={copy}/output"]],
    },
    "c/build-revision": {
        "a tree": [["mkdir", "-p", "{copy}/tree/c", "{copy}/tree/.git"],
                   ["touch", "{copy}/tree/c/Makefile"],
                   ["{copy}/build-revision", "tree", "{copy}/build",
                    "path:{copy}/tree"]],
        "a revision": [["{copy}/build-revision", "tree", "{copy}/build",
                        "HEAD"]],
        "programs": [["mkdir", "-p", "{copy}/one/tree/c", "{copy}/one/build"],
                     ["touch", "{copy}/one/commit", "{copy}/one/cflags",
                      "{copy}/one/build/t2t-trader"],
                     ["env", "LAYOUTS=1", "{copy}/build-revision", "programs",
                      "{copy}/one"]],
    },
    "c/compare-builds": {
        "compared": [["mkdir", "-p", "{copy}/build"],
                     ["cp", "{work}/stubs/t2t-run", "{copy}/build"],
                     ["cp", "{work}/stubs/build-revision", "{copy}"],
                     ["{copy}/compare-builds", "{copy}/build",
                      "path:{copy}/tree", "HEAD"]],
    },
    ".ci/run": {"tests": [["{copy}/run"]]},
}


# In front of each substitution, which it tells of: is it the one that fails?
# What the shell does itself costs no process.
ASKED = ('[ -z "${{MARKS-}}" ] || echo {0} >>"$MARKS"; '
         'if [ {0} = "${{FAULT-}}" ]; then exit 7; fi; ')


def instrumented(text, name):
    """-> the script, each of whose substitutions asks whether it has to
    fail, and {its name: its text}."""
    places = Scanner(text).found
    names = {}
    for i, (start, end) in sorted(enumerate(places), reverse=True):
        line = text.count("\n", 0, start) + 1
        key = f"{name}:{line}:{i}"
        names[key] = text[start:end]
        text = text[:start] + ASKED.format(key) + text[start:]
    return text, names


def prepare(group, copy):
    """What a group's scenarios need, in a folder. -> the substitutions."""
    found = {}
    if group == "images/":
        shutil.copytree(f"{TOP}/images", f"{copy}/images",
                        ignore=lambda folder, names:
                        {"build"} if folder == f"{TOP}/images" else set())
    else:
        os.mkdir(copy)
        shutil.copy(f"{TOP}/{group}", copy)
    for folder, _, files in os.walk(copy):
        for name in files:
            path = f"{folder}/{name}"
            with open(path, errors="replace") as file:
                text = file.read()
            if is_script(name, text):
                changed, names = instrumented(text, name)
                found.update(names)
                with open(path, "w") as file:
                    file.write(changed)
            # What is made again with the same times is the same.
            os.utime(path, (1, 1))
    return found


def is_script(name, text):
    return name.endswith((".sh", ".bash")) or \
        re.match(r"#!.*[/ ](ba|da)?sh\b", text)


def digest(folder):
    """Of what was made, without what tells the time or where it is."""
    total = {}
    for place, _, files in os.walk(f"{folder}/output"):
        for name in files:
            path = f"{place}/{name}"
            if name in (".lock", ".checked", "make-image.log"):
                continue
            with open(path, "rb") as file:
                content = file.read().replace(folder.encode(), b"FOLDER")
            if name == "manifest.json":
                manifest = json.loads(content)
                manifest.pop("made_at")
                # With the times of files.
                manifest.pop("root_sha256")
                if manifest["image"]:
                    manifest["image"].pop("since")
                content = json.dumps(manifest, sort_keys=True).encode()
            total[os.path.relpath(path, folder)] = \
                hashlib.sha256(content).hexdigest()
    return total


class Outcome:
    """Of a command: what it said, and what there is then. In folder, which
    becomes a copy of the template."""

    def __init__(self, work, template, folder, command, fault=""):
        subprocess.run(["cp", "-a", template, folder], check=True)
        marks = f"{folder}/marks"
        environment = dict(os.environ, LC_ALL="C.UTF-8", FAULT=fault,
                           MARKS=marks,
                           PATH=f"{work}/stubs:{os.environ['PATH']}")
        command = [word.format(copy=folder, work=work) for word in command]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=SECONDS, env=environment, text=True)
        self.code = done.returncode
        self.error = done.stderr
        self.made = digest(folder)
        if "/images/" not in command[0]:
            self.made["what it said"] = done.stdout.replace(folder, "")
        self.reached = set()
        if os.path.exists(marks):
            with open(marks) as file:
                self.reached = set(file.read().split())
            os.remove(marks)


def try_one(work, template, command, fault):
    with tempfile.TemporaryDirectory(dir=work) as folder:
        return Outcome(work, template, f"{folder}/copy", command, fault)


def judge(fault, whole, outcome):
    """-> what is wrong with the end, nothing if it is right."""
    if outcome.code == 0:
        wrong = sorted(name for name in whole.made.keys() | outcome.made.keys()
                       if whole.made.get(name) != outcome.made.get(name))
        return wrong and f"ended with 0, and these differ: {wrong[:5]}"
    # Of its own, or of the log of what it ran. What is sourced speaks in the
    # name of who sourced it.
    script = fault.split(":")[0]
    if "." in script:
        script = r"[\w-]+"
    if re.search(rf"^( *\| )?{script}: .", outcome.error, re.M):
        return ""
    return f"ended with {outcome.code} and said: {outcome.error!r}"


def check(work):
    """-> (name, what is wrong) of each script."""
    wrong = {}
    tasks = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() + 1) as pool:
        for group, scenarios in SCENARIOS.items():
            template = f"{work}/{group.strip('/').replace('/', '-')}"
            found = prepare(group, template)
            for key in found:
                wrong.setdefault(f"{group}: {key.split(':')[0]}", [])
            reached = set()
            for number, (name, commands) in enumerate(scenarios.items()):
                state = template
                for step, command in enumerate(commands):
                    before = state
                    state = f"{template}-{number}-{step}"
                    whole = Outcome(work, before, state, command)
                    if whole.code:
                        break
                if bool(whole.code) != (name == "refused"):
                    wrong.setdefault(group, []).append(
                        f"{name}: without a failure it ended with "
                        f"{whole.code}: {whole.error}")
                    continue
                # What leads to the same end need not be tried twice.
                keys = whole.reached
                if "up to date" not in name:
                    keys = keys - reached
                reached |= whole.reached
                tasks += [(group, name, key, found[key], whole,
                           pool.submit(try_one, work, before, command, key))
                          for key in sorted(keys)]
            for key in found.keys() - reached:
                wrong[f"{group}: {key.split(':')[0]}"].append(
                    f"no scenario reaches {key}: {found[key]}")
    for group, name, key, text, whole, future in tasks:
        bad = judge(key, whole, future.result())
        if bad:
            wrong[f"{group}: {key.split(':')[0]}"].append(
                f"{name}: {key}: {text}\n{bad}")
    return len(tasks), wrong


def products():
    """Scripts that are more than a test, by the path in the tree."""
    files = subprocess.run(
        ["bash", "-c", ". tests/lint/support.bash; list_files"],
        capture_output=True, text=True, check=True).stdout.split("\n")
    for path in filter(None, files):
        if path.startswith("c/tests/") and not path.startswith("c/tests/bench"):
            continue
        try:
            with open(f"{TOP}/{path}") as file:
                text = file.read(100)
        except UnicodeDecodeError:
            continue
        if is_script(path, text):
            yield path


def furnish(work):
    """The stand-ins, and what somebody may have of his own."""
    os.mkdir(f"{work}/stubs")
    for name, body in STUBS.items():
        with open(f"{work}/stubs/{name}", "w") as file:
            file.write(f"#!/bin/sh\n{body}\n")
        os.chmod(f"{work}/stubs/{name}", 0o755)
    with open(f"{work}/own.raw", "w") as file:
        file.write("own")
    with open(f"{work}/bzImage", "wb") as file:
        file.write(BZIMAGE)
    os.mkdir(f"{work}/6.9-own")
    with open(f"{work}/6.9-own/modules.dep", "w") as file:
        file.write("none")
    with open(f"{work}/mirrors", "w") as file:
        file.write("http://archive.invalid/debian\n")


def main():
    # For other tests.
    if len(sys.argv) > 1:
        furnish(sys.argv[1])
        return 0
    with tempfile.TemporaryDirectory() as work:
        furnish(work)
        count, wrong = check(work)
    # A completion runs in the user's shell, which it must not end.
    wrong["each script has a scenario"] = [
        f"{path}: none" for path in products()
        if not path.startswith((*SCENARIOS, "c/completion.bash"))]
    wrong["failures were tried"] = [] if count >= 100 else [f"{count}"]
    for number, (name, bad) in enumerate(wrong.items(), 1):
        print(f"{'not ' if bad else ''}ok {number} - {name}")
        for text in bad:
            print(re.sub("^", "# ", text, flags=re.M))
    print(f"1..{len(wrong)}")
    return any(wrong.values())


sys.exit(main())
