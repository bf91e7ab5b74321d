# A CycloneDX 1.5 list of a Debian package and all that it needs, directly or by another package, by dpkg's list of what is installed here.
#
# usage: dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${Provides}\t${Pre-Depends}, ${Depends}\n' |
#          awk -v name=NAME -v version=VERSION -v sha256=DIGEST -v time=TIME -v needs=DEPENDS -f package/cyclonedx.awk
#
# Of alternatives it takes the first that is installed; a name that only others provide stands for the first of those. What is needed and not
# installed is listed without a version. dpkg's names and versions need no escapes in JSON.
BEGIN { FS = "\t" }

{
	versions[$1] = $2; architectures[$1] = $3; sources[$1] = $4; needed[$1] = $6
	count = split($5, provided, /, */)
	for (i = 1; i <= count; i++) {
		sub(/ .*/, "", provided[i])
		if (provided[i] != "" && !(provided[i] in provider))
			provider[provided[i]] = $1
	}
}

# The package that "a (>= 1) | b:any" stands for.
function chosen(alternatives,    count, i, one, first, words) {
	count = split(alternatives, words, /\|/)
	for (i = 1; i <= count; i++) {
		one = words[i]
		gsub(/\([^)]*\)|\[[^]]*\]|:[a-z0-9]+|[ \t]/, "", one)
		if (one in versions)
			return one
		if (one in provider)
			return provider[one]
		first = first == "" ? one : first
	}
	return first
}

# What a list of dependencies stands for, each once, in order, as JSON; new names join the queue.
function references(list,    count, i, one, words, seen, text) {
	count = split(list, words, /,/)
	for (i = 1; i <= count; i++) {
		one = chosen(words[i])
		if (one == "" || one in seen)
			continue
		seen[one]
		text = text (text == "" ? "" : ",") "\"" one "\""
		if (!(one in queued)) {
			queued[one]
			queue[++last] = one
		}
	}
	return "[" text "]"
}

END {
	printf "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"version\":1,\"metadata\":{\"timestamp\":\"%s\",\"component\":{\"type\":\"application\",\"bom-ref\":\"%s\",\"name\":\"%s\",\"version\":\"%s\",\"licenses\":[{\"license\":{\"id\":\"MIT\"}}],\"hashes\":[{\"alg\":\"SHA-256\",\"content\":\"%s\"}]}},\n\"components\":[",
		time, name, name, version, sha256
	graph = "{\"ref\":\"" name "\",\"dependsOn\":" references(needs) "}"
	for (at = 1; at <= last; at++) {
		one = queue[at]
		printf "%s\n{\"type\":\"library\",\"bom-ref\":\"%s\",\"name\":\"%s\"", (at > 1 ? "," : ""), one, one
		if (one in versions)
			printf ",\"version\":\"%s\",\"purl\":\"pkg:deb/debian/%s@%s?arch=%s\",\"properties\":[{\"name\":\"debian:source\",\"value\":\"%s\"}]",
				versions[one], one, versions[one], architectures[one], sources[one]
		printf "}"
		graph = graph ",\n{\"ref\":\"" one "\",\"dependsOn\":" references(needed[one]) "}"
	}
	printf "],\n\"dependencies\":[\n%s]}\n", graph
}
