#!/usr/bin/env bats
# `auth --key-info` against key files made by real openssl and keytool: which are accepted, which refused, and the error texts.

load helper

setup_file() {
	export keys=$BATS_FILE_TMPDIR
	# keytool does little, and most of its time is Java's own: less of it this way.
	export JAVA_TOOL_OPTIONS='-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'
	cd "$keys" || return 1
	printf 'secret-1\n' >password
	printf 'other-22\n' >wrong
	rsa_key
	cp "$made" plain.pem
	openssl pkey -in plain.pem -pubout -out public.pem
	openssl req -x509 -key plain.pem -subj '/O=Example/CN=Zoë' -utf8 -days 3650 -out certificate.pem
	openssl pkcs12 -export -inkey plain.pem -in certificate.pem -name docusign -passout file:password -out modern.p12
	if command -v keytool >/dev/null; then
		servicenow keytool servicenow.jks
	fi
}

# servicenow KEYTOOL JKS: ServiceNow's documented procedure: a self-signed certificate, PKCS#12, JKS.
servicenow() {
	"$1" -importkeystore -srckeystore modern.p12 -srcstoretype PKCS12 -srcstorepass secret-1 \
		-destkeystore "$2" -deststoretype JKS -deststorepass secret-1 2>/dev/null
}

setup() {
	cd "$keys" || return 1
}

# Every keytool that is installed, each once.
keytools() {
	readlink -f "$(command -v keytool)" /usr/lib/jvm/*/bin/keytool | sort -u
}

needs_keytool() {
	command -v keytool >/dev/null || skip "keytool is not installed"
}

# info FILE [OPTION…]: runs auth --key-info without a terminal, so that nothing can be asked for.
info() {
	local file=$1
	shift
	run --separate-stderr setsid --wait auth --key-info --key "$file" "$@"
}

with_password() {
	info "$@" --key-password file:password
}

line() {
	grep -qx -- "$1" <<<"$output" || {
		printf 'no line: %s\nin:\n%s\n%s\n' "$1" "$output" "$stderr"
		return 1
	}
}

# accepted CONTAINER [PUBLIC KEY FILE]: silent, and the public key is the one that openssl prints.
accepted() {
	if [[ $status -ne 0 || -n $stderr ]]; then
		printf 'status %s: %s\n' "$status" "$stderr"
		return 1
	fi
	line "container: *$1"
	line 'type: *RSA'
	diff <(sed -n '/BEGIN PUBLIC KEY/,$p' <<<"$output") "${2:-public.pem}"
}

# refused STATUS WORDS: one line on stderr, nothing on stdout.
refused() {
	if [[ $status -ne $1 || -n $output || $stderr != *"$2"* || $stderr == *$'\n'* ]]; then
		printf 'expected %s: …%s…\ngot %s: %s%s\n' "$1" "$2" "$status" "$stderr" "$output"
		return 1
	fi
}

@test "PEM PKCS#8 needs no password" {
	info plain.pem
	accepted 'PEM PKCS#8'
	line 'bits: *2048'
	line 'password: *not needed'
	[[ $output != *alias:* && $output != *certificate:* ]]
}

@test "the SPKI digest is that of openssl" {
	info plain.pem
	line "spki sha-256: *$(openssl pkey -in plain.pem -pubout -outform DER | sha256sum | cut -d' ' -f1)"
}

@test "the text can be piped into openssl" {
	info plain.pem
	openssl pkey -pubin -noout <<<"$output"
}

@test "PEM PKCS#1" {
	openssl pkey -in plain.pem -traditional -out pkcs1.pem
	info pkcs1.pem
	accepted 'PEM PKCS#1'
}

@test "PEM PKCS#8, encrypted in each way" {
	local way
	for way in '-v2 aes-256-cbc' '-v2 des3' '-v2 aes128 -v2prf hmacWithSHA512' '-scrypt' '-v1 PBE-SHA1-3DES'; do
		openssl pkcs8 -topk8 -in plain.pem $way -passout file:password -out encrypted.pem
		with_password encrypted.pem
		accepted 'PEM PKCS#8 encrypted'
		line 'password: *needed'
		info encrypted.pem --key-password file:wrong
		refused 77 'the password is wrong'
	done
}

@test "PEM PKCS#8 with single DES, by the legacy provider" {
	openssl pkcs8 -topk8 -in plain.pem -v1 PBE-MD5-DES -passout file:password -provider legacy -provider default -out des.pem ||
		skip 'openssl has no legacy provider'
	with_password des.pem
	accepted 'PEM PKCS#8 encrypted'
	info des.pem --key-password file:wrong
	refused 77 'the password is wrong'
}

@test "PEM PKCS#1, traditionally encrypted" {
	local cipher
	for cipher in aes-128-cbc aes-256-cbc des3; do
		openssl rsa -in plain.pem -traditional "-$cipher" -passout file:password -out traditional.pem 2>/dev/null
		with_password traditional.pem
		accepted 'PEM PKCS#1 encrypted'
		info traditional.pem --key-password file:wrong
		refused 77 'the password is wrong'
	done
	openssl rsa -in plain.pem -traditional -des -passout file:password -provider legacy -provider default -out traditional.pem 2>/dev/null ||
		skip 'openssl has no legacy provider'
	with_password traditional.pem
	accepted 'PEM PKCS#1 encrypted'
}

@test "PEM copied from a mail, an environment variable or a Windows editor" {
	openssl rsa -in plain.pem -traditional -aes128 -passout file:password -out traditional.pem 2>/dev/null
	sed 's/$/\r/' plain.pem >crlf.pem
	(printf '\357\273\277\n\n' && sed 's/^/    /' plain.pem) >bom.pem
	(printf 'Hello,\nthis is the key 0-----:\n' && cat plain.pem && printf -- '-- \nbye\n') >mail.pem
	awk '{ printf "%s\\n", $0 }' plain.pem >escaped.pem
	(printf '"' && awk '{ printf "%s\\r\\n", $0 }' plain.pem && printf '",\n') >quoted.pem
	tr '\n' ' ' <plain.pem >one-line.pem
	tr -d '\n' <plain.pem >joined.pem
	iconv -f ASCII -t UTF-16LE plain.pem | (printf '\377\376' && cat) >utf16.pem
	iconv -f ASCII -t UTF-16BE plain.pem | (printf '\376\377' && cat) >utf16-be.pem
	head -c -1 plain.pem >unterminated.pem
	cat certificate.pem plain.pem >certificate-first.pem
	for file in crlf bom mail escaped quoted one-line joined utf16 utf16-be unterminated certificate-first; do
		echo "$file"
		info $file.pem
		accepted 'PEM PKCS#8'
	done
	line 'certificate: *CN=Zoë,O=Example'
	awk '{ printf "%s\\n", $0 }' traditional.pem >escaped-traditional.pem
	tr '\n' ' ' <traditional.pem >one-line-traditional.pem
	for file in escaped-traditional one-line-traditional; do
		with_password $file.pem
		accepted 'PEM PKCS#1 encrypted'
	done
}

@test "DER" {
	openssl pkcs8 -topk8 -nocrypt -in plain.pem -outform DER -out pkcs8.der
	openssl rsa -in plain.pem -traditional -outform DER -out pkcs1.der 2>/dev/null
	openssl pkcs8 -topk8 -in plain.pem -outform DER -passout file:password -out encrypted.der
	info pkcs8.der
	accepted 'DER PKCS#8'
	info pkcs1.der
	accepted 'DER PKCS#1'
	with_password encrypted.der
	accepted 'DER PKCS#8 encrypted'
}

@test "PKCS#12 as openssl makes it" {
	with_password modern.p12
	accepted 'PKCS#12'
	line 'alias: *docusign'
	line 'certificate: *CN=Zoë,O=Example'
	line 'valid until: *20..-..-..T..:..:..Z'
	info modern.p12 --key-password file:wrong
	refused 77 'the password is wrong'
}

@test "PKCS#12 as old programs made it (RC2-40 and 3DES)" {
	openssl pkcs12 -export -legacy -inkey plain.pem -in certificate.pem -passout file:password -out legacy.p12 ||
		skip 'openssl has no legacy provider'
	with_password legacy.p12
	accepted 'PKCS#12'
	line 'alias: *1'
	line 'certificate: *CN=Zoë,O=Example'
	info legacy.p12 --key-password file:wrong
	refused 77 'the password is wrong'
}

@test "PKCS#12 with each encryption, with and without MAC" {
	local way
	for way in '-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1' '-keypbe aes-128-cbc -certpbe NONE' '-nomac' \
		'-keypbe aes-256-cbc -certpbe aes-256-cbc -macalg sha512'; do
		openssl pkcs12 -export -inkey plain.pem -in certificate.pem $way -passout file:password -out way.p12
		with_password way.p12
		accepted 'PKCS#12'
		info way.p12 --key-password file:wrong
		refused 77 'the password is wrong'
	done
}

@test "PKCS#12 without a password asks for none" {
	openssl pkcs12 -export -inkey plain.pem -in certificate.pem -passout pass: -out empty.p12
	openssl pkcs12 -export -inkey plain.pem -in certificate.pem -keypbe NONE -certpbe NONE -nomac -passout pass: -out open.p12
	for file in empty.p12 open.p12; do
		info $file
		accepted 'PKCS#12'
		line 'password: *not needed'
	done
}

@test "PKCS#12 with a password beyond ASCII" {
	printf 'Schlüssel-✓\n' >unicode
	openssl pkcs12 -export -inkey plain.pem -in certificate.pem -passout file:unicode -out unicode.p12
	openssl pkcs12 -export -inkey plain.pem -in certificate.pem -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -passout file:unicode -out unicode-old.p12
	for file in unicode.p12 unicode-old.p12; do
		info $file --key-password file:unicode
		accepted 'PKCS#12'
	done
}

@test "PKCS#12 whose password beyond ASCII was set by OpenSSL before 1.1.0" {
	# It took each byte for a character: in UTF-8 "ü" is C3 BC, and so became U+00C3 U+00BC, which is "Ã¼". Given "Ã¼", OpenSSL 3 writes
	# what it wrote.
	printf 'Schlüssel-✓\n' >unicode
	iconv -f latin1 -t utf8 unicode >widened
	printf '\xfcber-1\n' >latin1
	printf 'über-1\n' >latin1.utf8
	printf '\xc3\xbcber-\xe4\n' >mixed # no UTF-8 at all: each byte is a character in every version
	local way
	for way in -legacy '-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1' '-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -nomac'; do
		openssl pkcs12 -export -inkey plain.pem -in certificate.pem $way -passout file:widened -out widened.p12
		[[ $way == *-nomac ]] || openssl pkcs12 -legacy -in widened.p12 -passin file:unicode -nodes -out /dev/null # it opens for openssl
		info widened.p12 --key-password file:unicode
		accepted 'PKCS#12'
		line 'certificate: *CN=Zoë,O=Example'
		info widened.p12 --key-password file:widened
		accepted 'PKCS#12'
		info widened.p12 --key-password file:latin1
		refused 77 'the password is wrong'
		openssl pkcs12 -export -inkey plain.pem -in certificate.pem $way -passout file:latin1.utf8 -out latin1.p12
		for password in latin1 latin1.utf8; do
			info latin1.p12 --key-password "file:$password"
			accepted 'PKCS#12'
		done
		openssl pkcs12 -export -inkey plain.pem -in certificate.pem $way -passout file:mixed -out mixed.p12
		info mixed.p12 --key-password file:mixed
		accepted 'PKCS#12'
	done
}

@test "a PKCS#12 with an old cipher where OpenSSL's legacy provider is not installed: it is named, with its package" {
	openssl pkcs12 -export -legacy -keypbe PBE-SHA1-RC2-40 -inkey plain.pem -in certificate.pem -passout file:password -out rc2.p12
	mkdir -p none
	OPENSSL_MODULES=$PWD/none with_password rc2.p12
	refused 78 "cannot decrypt 'rc2.p12': it is encrypted with an old cipher, which only OpenSSL's legacy provider has"
	refused 78 'openssl-provider-legacy'
	with_password rc2.p12
	accepted 'PKCS#12'
	# The key of what OpenSSL 1.0.2 wrote by default needs it not: only the certificate is encrypted with RC2.
	openssl pkcs12 -export -legacy -inkey plain.pem -in certificate.pem -passout file:password -out legacy.p12
	OPENSSL_MODULES=$PWD/none with_password legacy.p12
	accepted 'PKCS#12'
}

@test "a key store of each installed keytool, by its default" {
	needs_keytool
	local tool found=0
	for tool in $(keytools); do
		rm -f default.jks
		"$tool" -genkeypair -alias Docusign -keyalg RSA -keysize 2048 -dname 'CN=default' -keystore default.jks -storepass secret-1 2>/dev/null
		openssl pkcs12 -in default.jks -passin file:password -nokeys | openssl x509 -pubkey -noout >default.pub
		with_password default.jks
		accepted 'PKCS#12' default.pub
		line 'alias: *docusign'
		found=$((found + 1))
	done
	[[ $found -gt 0 ]]
}

# Of the others: the first made servicenow.jks.
@test "JKS of each installed keytool" {
	needs_keytool
	local tool
	for tool in $(keytools); do
		[ "$tool" != "$(readlink -f "$(command -v keytool)")" ] || continue
		rm -f real.jks
		servicenow "$tool" real.jks
		with_password real.jks
		accepted JKS
	done
}

@test "JKS by ServiceNow's procedure" {
	needs_keytool
	with_password servicenow.jks
	accepted JKS
	line 'alias: *docusign'
	line 'certificate: *CN=Zoë,O=Example'
	line 'password: *needed'
	info servicenow.jks --key-password file:wrong
	refused 77 'the password is wrong'
}

@test "JKS with a password beyond ASCII" {
	needs_keytool
	printf 'Schlüssel-€\n' >unicode
	LC_ALL=C.UTF-8 keytool -J-Dfile.encoding=UTF-8 -J-Dsun.jnu.encoding=UTF-8 -importkeystore -srckeystore modern.p12 -srcstorepass secret-1 \
		-destkeystore unicode.jks -deststoretype JKS -deststorepass 'Schlüssel-€' -destkeypass 'Schlüssel-€' 2>/dev/null ||
		skip 'this keytool takes no such password on its command line'
	info unicode.jks --key-password file:unicode
	accepted JKS
}

@test "JKS and PKCS#12 with several keys: one has to be named" {
	needs_keytool
	openssl req -x509 -newkey rsa:2048 -nodes -keyout spare.pem -subj /CN=spare -out spare.crt 2>/dev/null
	openssl pkcs12 -export -inkey spare.pem -in spare.crt -name spare -passout file:password -out spare.p12
	cp servicenow.jks several.jks
	keytool -importcert -noprompt -alias authority -file certificate.pem -keystore several.jks -storepass secret-1 2>/dev/null
	keytool -importkeystore -srckeystore spare.p12 -srcstorepass secret-1 -destkeystore several.jks -deststorepass secret-1 2>/dev/null
	keytool -importkeystore -srckeystore several.jks -srcstorepass secret-1 -destkeystore several.p12 -deststoretype PKCS12 -deststorepass secret-1 2>/dev/null
	for store in several.jks:JKS several.p12:PKCS#12; do
		file=${store%%:*}
		with_password "$file"
		refused 78 "cannot choose a key of '$file': it holds 2: name one with key_alias (--key-alias): "
		[[ $stderr == *"'docusign'"* && $stderr == *"'spare'"* && $stderr != *authority* ]]
		with_password "$file" --key-alias DocuSign
		accepted "${store#*:}"
		line 'alias: *docusign'
		line 'certificate: *CN=Zoë,O=Example'
		with_password "$file" --key-alias nobody
		refused 78 "cannot find the key 'nobody' in '$file': name one with key_alias (--key-alias): "
	done
}

@test "a store with certificates only" {
	needs_keytool
	rm -f trust.jks trust.p12
	keytool -importcert -noprompt -alias authority -file certificate.pem -storetype JKS -keystore trust.jks -storepass secret-1 2>/dev/null
	keytool -importcert -noprompt -alias authority -file certificate.pem -storetype PKCS12 -keystore trust.p12 -storepass secret-1 2>/dev/null
	for file in trust.jks trust.p12; do
		with_password $file
		refused 78 'has no private key'
	done
}

@test "JKS whose key has a password of its own" {
	needs_keytool
	cp servicenow.jks two.jks
	keytool -keypasswd -alias docusign -keystore two.jks -storetype JKS -storepass secret-1 -keypass secret-1 -new other-22 2>/dev/null
	with_password two.jks
	refused 77 'keytool -keypasswd'
	info two.jks --key-password file:wrong
	refused 65 'the store has another password than the key'
}

@test "JKS with one byte changed" {
	needs_keytool
	local length
	length=$(stat -c %s servicenow.jks)
	# The last byte is the digest's, those before it the certificate's.
	for at in $((length - 1)) $((length - 60)); do
		cp servicenow.jks changed.jks
		printf '\377' | dd of=changed.jks bs=1 seek="$at" conv=notrunc status=none
		cmp -s servicenow.jks changed.jks && printf '\376' | dd of=changed.jks bs=1 seek="$at" conv=notrunc status=none
		with_password changed.jks
		refused 65 'the file is damaged'
	done
}

@test "PKCS#12 with a changed MAC" {
	local at
	# The MAC's first bytes follow the DigestInfo; its salt is 8 bytes, its iterations close the file.
	at=$(openssl asn1parse -inform DER -in modern.p12 | awk -F: '/OCTET STRING/ { last = this; this = $1 } END { print last + 2 }')
	cp modern.p12 changed.p12
	printf '\000\000\000' | dd of=changed.p12 bs=1 seek="$at" conv=notrunc status=none
	with_password changed.p12
	refused 65 'its MAC does not match'
}

@test "JCEKS is named, with the command that converts it" {
	needs_keytool
	rm -f old.jceks converted.p12
	keytool -importkeystore -srckeystore modern.p12 -srcstorepass secret-1 -destkeystore old.jceks -deststoretype JCEKS -deststorepass secret-1 2>/dev/null
	with_password old.jceks
	refused 78 "keytool -importkeystore -srcstoretype JCEKS -srckeystore 'old.jceks' -deststoretype PKCS12 -destkeystore key.p12"
	keytool -importkeystore -srcstoretype JCEKS -srckeystore old.jceks -srcstorepass secret-1 -deststoretype PKCS12 \
		-destkeystore converted.p12 -deststorepass secret-1 2>/dev/null
	with_password converted.p12
	accepted 'PKCS#12'
}

@test "keys that cannot sign for Docusign" {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem
	openssl ec -in ec.pem -out sec1.pem 2>/dev/null
	openssl genpkey -algorithm ED25519 -out ed25519.pem
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small.pem 2>/dev/null
	info ec.pem
	refused 78 'its key is of type EC, but Docusign accepts only RSA: make a new one: openssl genpkey'
	info sec1.pem
	refused 78 'its key is of type EC'
	info ed25519.pem
	refused 78 'its key is of type ED25519'
	info small.pem
	refused 78 'its RSA key has 1024 bits, and 2048 are the least'
}

@test "files that hold no private key" {
	ssh-keygen -q -t rsa -b 2048 -N '' -f ssh 2>/dev/null || cp /dev/null ssh
	openssl pkey -in plain.pem -pubout -outform DER -out public.der
	openssl x509 -in certificate.pem -outform DER -out certificate.der
	openssl req -new -key plain.pem -subj /CN=x -out request.pem
	for file in public.pem public.der; do
		info $file
		refused 78 'it has a public key but no private key'
	done
	for file in certificate.pem certificate.der; do
		info $file
		refused 78 'it has a certificate but no private key'
	done
	info request.pem
	refused 78 'it has a CERTIFICATE REQUEST but no private key'
	if [[ -s ssh ]]; then
		info ssh
		refused 78 'it is an OpenSSH key: convert a copy of it to PEM: ssh-keygen -p -m PKCS8 -f COPY'
		info ssh.pub
		refused 78 'it has an OpenSSH public key'
		ssh-keygen -q -p -m PKCS8 -N '' -f ssh >/dev/null
		info ssh
		accepted 'PEM PKCS#8' <(openssl pkey -in ssh -pubout)
	fi
}

@test "two private keys in one PEM" {
	cat plain.pem plain.pem >two.pem
	info two.pem
	refused 78 'it holds 2 private keys: keep one'
	info plain.pem --key-alias docusign
	refused 78 'a PEM file has no aliases'
}

@test "broken files" {
	: >empty.pem
	head -c 1000 plain.pem >truncated.pem
	head -c 1000 modern.p12 >truncated.p12
	openssl pkcs8 -topk8 -nocrypt -in plain.pem -outform DER | head -c 500 >truncated.der
	head -c 2000000 /dev/zero >giant.pem
	printf 'hello\n' >text.pem
	sed '5s/./A/10;5s/./B/11;5s/./C/12' plain.pem >bits.pem
	sed '5d' plain.pem >line.pem
	info missing.pem
	refused 66 "cannot open 'missing.pem': No such file or directory"
	info empty.pem
	refused 65 'the key file is empty'
	info truncated.pem
	refused 65 'it is truncated: its PRIVATE KEY has no line -----END PRIVATE KEY-----'
	info truncated.p12
	refused 65 'the PKCS#12 file is truncated'
	info truncated.der
	refused 65 'it is truncated'
	info giant.pem
	refused 65 'larger than the limit'
	info text.pem
	refused 65 'it is not a PEM, DER, PKCS#12 or JKS file'
	info bits.pem
	refused 65 'damaged'
	info line.pem
	refused 65 'damaged'
	if [[ -e servicenow.jks ]]; then
		head -c 1000 servicenow.jks >truncated.jks
		with_password truncated.jks
		refused 65 'truncated or damaged'
	fi
}

@test "an expired certificate is a warning" {
	cat plain.pem certificate.pem >certificate-and-key.pem
	info certificate-and-key.pem --now 2100-01-01T00:00:00Z
	[[ $status -eq 0 && $stderr == *"warning: the certificate in 'certificate-and-key.pem' has expired"* ]]
	line 'valid until: .*Z (expired)'
	info certificate-and-key.pem --now 2001-01-01T00:00:00Z
	[[ $status -eq 0 && $stderr == *'not yet valid'* ]]
	line 'valid from: .*Z (not yet valid)'
}

@test "where the password comes from" {
	run --separate-stderr auth --key-info --key modern.p12 --key-password fd:3 3<password
	accepted 'PKCS#12'
	KEY_PASSWORD=secret-1 run --separate-stderr auth --key-info --key modern.p12 --key-password env:KEY_PASSWORD
	[[ $status -eq 0 ]]
	printf 'secret-1\r\nsecond line\r\n' >windows
	info modern.p12 --key-password file:windows
	accepted 'PKCS#12'
	info modern.p12
	refused 78 'it is protected by a password and none is given: name its source with key_password (--key-password)'
	info modern.p12 --key-password file:nowhere
	refused 66 "cannot open the password file 'nowhere'"
	info modern.p12 --key-password env:NOT_SET_AT_ALL
	refused 78 "the environment variable 'NOT_SET_AT_ALL' is not set"
}

@test "a password on the command line is refused and not repeated" {
	info modern.p12 --key-password pass:secret-1
	refused 78 'cannot use the password itself'
	[[ $stderr != *secret-1* ]]
	info modern.p12 --key-password secret-1
	refused 78 'none of file:PATH, fd:N, env:NAME'
	[[ $stderr != *secret-1* ]]
}

@test "a key that needs no password does not read one" {
	info plain.pem --key-password file:nowhere
	accepted 'PEM PKCS#8'
}
