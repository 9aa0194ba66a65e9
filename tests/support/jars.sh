# Sourced: jars of Maven Central with all that they need, by `fetch FOLDER DEPENDENCIES`.
# Idempotent; needs mvn. One folder for each program: lib/*.jar, and `done` at the end.
dependency() { # group, artifact, version
  echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version></dependency>"
}

fetch() { # folder, dependencies
  local folder=$1
  [ -e "$folder/done" ] && return
  command -v mvn >/dev/null || return
  echo "fetching $(basename "$folder")"
  rm -rf "$folder"
  mkdir -p "$folder"
  {
    echo "<project xmlns='http://maven.apache.org/POM/4.0.0'><modelVersion>4.0.0</modelVersion>"
    echo "<groupId>jipyo</groupId><artifactId>tests</artifactId><version>1</version>"
    echo "<dependencies>$2</dependencies></project>"
  } >"$folder/pom.xml"
  mvn -q -B -f "$folder/pom.xml" dependency:copy-dependencies -DoutputDirectory="$folder/lib" \
    >"$folder/mvn.log" 2>&1 && touch "$folder/done"
}
