#Requires -Version 7.6
<#
.SYNOPSIS
Brings the cmdlets' pages up to date with their parameters, and fails where one has no text.
#>
[CmdletBinding()]
param(
    # The module's manifest.
    [Parameter(Mandatory)] [string] $Module,
    # The folder of the pages.
    [Parameter(Mandatory)] [string] $Destination
)

$ErrorActionPreference = 'Stop'
Import-Module Microsoft.PowerShell.PlatyPS -MinimumVersion 1.0
Import-Module $Module
$scratch = Join-Path ([System.IO.Path]::GetTempPath()) ([System.IO.Path]::GetRandomFileName())
try {
    foreach ($command in Get-Command -Module ([System.IO.Path]::GetFileNameWithoutExtension($Module))) {
        $page = Join-Path $Destination "$($command.Name).md"
        if (Test-Path $page) {
            $null = Update-MarkdownCommandHelp -Path $page -NoBackup
        }
        else {
            $new = New-MarkdownCommandHelp -CommandInfo $command -OutputFolder $scratch
            Copy-Item $new $page
        }
        # Nothing that changes with the day or the machine; and a cmdlet without aliases does not say so.
        $text = [System.IO.File]::ReadAllText($page) -replace "`r`n", "`n" -replace '(?m)^ms\.date: .*\n', ''
        $text = $text -replace '(?s)## ALIASES\n.*?(?=## DESCRIPTION)', ''
        [System.IO.File]::WriteAllText($page, $text.TrimEnd() + "`n")
    }
    $unfinished = Get-ChildItem $Destination -Filter *.md | Select-String -SimpleMatch '{{'
    if ($unfinished) {
        throw "These texts are missing:`n$($unfinished -join "`n")"
    }
    $wrong = Get-ChildItem $Destination -Filter *-*.md | Test-MarkdownCommandHelp -DetailView | Where-Object { $_ -is [bool] -and -not $_ }
    if ($wrong) {
        throw 'A page is not as PlatyPS wants it.'
    }
}
finally {
    Remove-Item $scratch -Recurse -Force -ErrorAction Ignore
}
