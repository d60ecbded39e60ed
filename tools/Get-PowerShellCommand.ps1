#Requires -Version 7.6
<#
.SYNOPSIS
Gives the program and the first arguments that start this PowerShell once more.
.DESCRIPTION
An ordinary pwsh is a program of its own. That of the .NET tool is an assembly, and what runs is dotnet: started with a script's arguments alone, it
would take them for its own.
.EXAMPLE
$program, [string[]] $first = tools/Get-PowerShellCommand.ps1
& $program @first -NoProfile -Command '1 + 1'
#>
[CmdletBinding()]
[OutputType([string])]
param()

$running = (Get-Process -Id $PID).Path
$running
if ([System.IO.Path]::GetFileNameWithoutExtension($running) -eq 'dotnet') {
    Join-Path $PSHOME 'pwsh.dll'
}
