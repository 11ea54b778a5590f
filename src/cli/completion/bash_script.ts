/**
 * The script for bash. That of the library needs the package bash-completion, executes what stands on the line, never
 * completes files, and repeats what stands before a colon or an equals sign.
 *
 * - The words are divided at blanks: bash divides them at `:` and `=` as well. A quoted blank divides, too, which costs
 *   completions and nothing else.
 * - The last line of the answer is a directive: without the bit 4 (no files), files are completed when no word fits.
 */
export const BASH_SCRIPT = `# bash completion for spillway
_spillway() {
  local line=\${COMP_LINE:0:COMP_POINT} out directive word start
  local -a words
  read -ra words <<< "$line"
  local cur=\${words[\${#words[@]}-1]}
  if [[ $line == *[[:blank:]] ]]; then
    words+=("")
    cur=
  fi
  COMPREPLY=()
  out=$(spillway complete -- "\${words[@]:1}" 2>/dev/null) || return
  directive=\${out##*:}
  # The value of --option=value.
  if [[ $cur == -*=* ]]; then cur=\${cur#*=}; fi
  # What bash takes for words before the last one.
  start=
  if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then start=\${cur%"\${cur##*:}"}; fi
  while IFS=$'\\t' read -r word _; do
    if [[ $word != :* && -n $word && $word == "$cur"* ]]; then COMPREPLY+=("\${word#"$start"}"); fi
  done <<< "$out"
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *: ]]; then compopt -o nospace 2>/dev/null; fi
  if (( (directive & 4) != 0 )); then compopt +o default 2>/dev/null; fi
}
complete -o default -F _spillway spillway
`;
