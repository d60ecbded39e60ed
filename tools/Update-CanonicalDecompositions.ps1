#Requires -Version 7.6
<#
.SYNOPSIS
Writes the table of canonical decompositions by which the engine compares names of files.
.DESCRIPTION
The table is that of the Unicode version of this machine's ICU, through .NET. PathClashTests compares the file with ICU.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # The file with the table.
    [string] $Path = (Join-Path $PSScriptRoot '../src/TorrentPS.Engine/Metainfo/CanonicalDecompositions.cs')
)

$ErrorActionPreference = 'Stop'
if ("e$([char]0x301)".Normalize() -ne [string][char]0xE9) {
    throw 'This needs ICU, but .NET runs without it here.'
}

$width = 132
$lines = [System.Collections.Generic.List[string]]::new()
$line = ''
foreach ($code in 0..0x10FFFF) {
    # Surrogates are no characters; Hangul is computed.
    if (($code -ge 0xD800 -and $code -le 0xDFFF) -or ($code -ge 0xAC00 -and $code -le 0xD7A3)) { continue }
    $text = [char]::ConvertFromUtf32($code)
    $decomposed = try { $text.Normalize('FormD') } catch [ArgumentException] { $text } # noncharacters
    if ([string]::Equals($text, $decomposed, 'Ordinal')) { continue }
    $entry = -join ("$text$decomposed".EnumerateRunes() | ForEach-Object {
            if ($_.IsAscii) { "$_" } elseif ($_.IsBmp) { '\u{0:X4}' -f $_.Value } else { '\U{0:X8}' -f $_.Value }
        })
    if ($line.Length + $entry.Length + 1 -gt $width) {
        $lines.Add($line)
        $line = ''
    }
    $line += "$entry "
}
$lines.Add($line.TrimEnd())

$table = ($lines | ForEach-Object { "        `"$_`"" }) -join " +`n"
$source = [System.IO.File]::ReadAllText($Path)
$start = $source.IndexOf('All =') + 'All ='.Length
if ($PSCmdlet.ShouldProcess($Path)) {
    [System.IO.File]::WriteAllText($Path, "$($source[0..($start - 1)] -join '')`n$table;`n}`n")
}
