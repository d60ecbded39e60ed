#Requires -Version 7.6
<#
.SYNOPSIS
Brings the cmdlets' pages up to date with their parameters, and fails where a text is missing.
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
        # Syntax and parameters are the command's; every text is the page's, where there is one.
        $page = Join-Path $Destination "$($command.Name).md"
        $help = New-CommandHelp $command
        if (Test-Path $page) {
            $old = Import-MarkdownCommandHelp $page
            foreach ($text in 'Synopsis', 'Description', 'Notes') {
                $help.$text = $old.$text
            }
            foreach ($list in 'Examples', 'Inputs', 'Outputs', 'RelatedLinks') {
                $help.$list.Clear()
                $help.$list.AddRange($old.$list)
            }
            foreach ($parameter in $help.Parameters) {
                $before = $old.Parameters | Where-Object Name -EQ $parameter.Name
                $parameter.Description = $before ? $before.Description : "{{ $($parameter.Name) has no text }}"
                $parameter.DefaultValue = $before ? $before.DefaultValue : 'None'
            }
        }
        $written = Export-MarkdownCommandHelp $help -OutputFolder $scratch -Force
        # Nothing that changes with the day; and a cmdlet without aliases does not say so.
        $text = [System.IO.File]::ReadAllText($written) -replace "`r`n", "`n" -replace '(?m)^ms\.date: .*\n', ''
        $text = $text -replace '(?s)## ALIASES\n.*?(?=## DESCRIPTION)', ''
        [System.IO.File]::WriteAllText($page, $text.TrimEnd() + "`n")
    }
    $unfinished = Get-ChildItem $Destination -Filter *.md | Select-String -SimpleMatch '{{'
    if ($unfinished) {
        throw "These texts are missing:`n$($unfinished -join "`n")"
    }
}
finally {
    Remove-Item $scratch -Recurse -Force -ErrorAction Ignore
}
