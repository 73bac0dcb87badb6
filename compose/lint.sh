#!/usr/bin/env bash
# Checks form: Swift by swift-format (strict), shell and Python by their own parsers.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t swift_files < <(git ls-files --cached --others --exclude-standard '*.swift' \
  | grep -v '/Generated/' | while read -r file; do [ -e "$file" ] && echo "$file"; done)
swift format lint --strict --parallel "${swift_files[@]}"

while read -r file; do
  bash -n "$file"
done < <(git ls-files '*.sh' .ci/run)

mapfile -t python_files < <(git ls-files '*.py')
if [ "${#python_files[@]}" -gt 0 ]; then
  /usr/bin/python3 - "${python_files[@]}" <<'PYTHON'
import ast
import sys

for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        ast.parse(file.read(), name)
PYTHON
fi
echo "lint: ${#swift_files[@]} Swift and ${#python_files[@]} Python files, nothing to mend"
