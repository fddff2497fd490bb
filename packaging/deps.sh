#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the project needs from the system: `packaging/deps.sh build|test|e2e|bench|fuzz|valgrind|coverage|lint|demo`.
# Debian and Ubuntu: installs what is missing (apt-get as root, else through sudo), silent where nothing is. Elsewhere: nothing
# to say where the libraries and programs are all found, else names what is missing and ends with 1.
set -eu

# package            what another system is asked for: l:pkg-config-module or p:program
build='
gcc                  p:cc
make                 p:make
pkg-config           p:pkg-config
libcjson-dev         l:libcjson
libpcre2-dev         l:libpcre2-8
libcurl4-openssl-dev l:libcurl
libsqlite3-dev       l:sqlite3
libfyaml-dev         l:libfyaml
libsmartcols-dev     l:smartcols
libarchive-dev       l:libarchive
libssl-dev           l:libcrypto
ca-certificates      -
python3              p:python3
python3-venv         -
python3-pip          -
'
test='
libcmocka-dev        l:cmocka
openssl              p:openssl
git                  p:git
xz-utils             p:xz
procps               p:ps
binutils             p:nm
abigail-tools        p:abidiff
sudo                 p:sudo
faketime             p:faketime
python3-yaml         -
libxml2-utils        p:xmllint
zsh                  p:zsh
fish                 p:fish
dash                 p:dash
minisign             p:minisign
'
# of check, too: a few ways in containers
e2e='
buildah              p:buildah
'
bench='
hyperfine            p:hyperfine
'
valgrind='
valgrind             p:valgrind
'
coverage='
gcovr                p:gcovr
'
lint='
cppcheck             p:cppcheck
shellcheck           p:shellcheck
'
fuzz='
clang                p:clang
libclang-rt-@-dev    -
'

case ${1-} in
build) table=$build ;;
test) table=$build$test$e2e ;;
e2e) table=$build$e2e ;;
bench) table=$build$test$bench ;;
fuzz) table=$build$test$fuzz ;;
valgrind) table=$build$test$valgrind ;;
coverage) table=$build$test$coverage ;;
lint) table=$build$lint ;;
demo) table=$build ;;
*)
	echo "usage: packaging/deps.sh build|test|e2e|bench|fuzz|valgrind|coverage|lint|demo" >&2
	exit 2
	;;
esac

# "@" is the number of the clang that this release calls clang.
clang_number() {
	# dpkg knows nothing of a package that it has only heard of, and says so with success
	{ dpkg-query -W -f='${Depends}\n' clang; apt-cache show clang | sed -n 's/^Depends: //p'; } 2>/dev/null |
		sed -n 's/.*clang-\([0-9]*\).*/\1/p' | head -n 1
}

packages() {
	printf '%s' "$table" | while read -r package _; do
		case $package in
		'') ;;
		*@*) printf '%s ' "${package%@*}$(clang_number)${package#*@}" ;;
		*) printf '%s ' "$package" ;;
		esac
	done
}

say() { printf 'deps: %s\n' "$*" >&2; }

# The packages that dpkg does not hold installed.
missing_packages() {
	wanted=$(packages)
	# shellcheck disable=SC2016,SC2086 # dpkg-query's own format; the names are words
	have=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' $wanted 2>/dev/null || :)"
	for package in $wanted; do
		case $have in
		*" installed:$package "*) ;;
		*) printf '%s ' "$package" ;;
		esac
	done
}

install_debian() {
	missing=$(missing_packages)
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" = 0 ]; then
		as_root=
	elif command -v sudo >/dev/null 2>&1; then
		as_root='sudo env DEBIAN_FRONTEND=noninteractive'
	else
		say "missing: $missing"
		say "neither root nor sudo is here; as root: apt-get install --no-install-recommends $missing"
		exit 1
	fi
	say "installing $missing"
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # words
	$as_root apt-get -q -o DPkg::Lock::Timeout=600 update >&2 || say "apt-get update failed; trying with the lists that are here"
	# shellcheck disable=SC2086
	$as_root apt-get -q -o DPkg::Lock::Timeout=600 install -y --no-install-recommends $missing >&2 || {
		say "could not install: $missing"
		exit 1
	}
}

# What cannot be found here, by the name Debian gives it.
missing_elsewhere() {
	printf '%s' "$table" | while read -r package probe; do
		case $probe in
		l:*) pkg-config --exists "${probe#l:}" 2>/dev/null || printf '%s (pkg-config %s), ' "$package" "${probe#l:}" ;;
		p:*) command -v "${probe#p:}" >/dev/null 2>&1 || printf '%s (%s), ' "$package" "${probe#p:}" ;;
		esac
	done
}

if command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1; then
	install_debian
else
	missing=$(missing_elsewhere)
	[ -z "$missing" ] || {
		say "this system has no apt-get; please install what these Debian packages hold: ${missing%, }"
		exit 1
	}
fi
