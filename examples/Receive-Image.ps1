#Requires -Version 7.6

<#
.SYNOPSIS
Downloads the data of a .torrent, tests it, and uploads it to others for a while.
.DESCRIPTION
For a scheduled task or a deployment system: exits with 0 when the data is complete and verified, with 1 when not. Run it again to
resume.
.EXAMPLE
./Receive-Image.ps1 //server/share/image.vhdx.torrent -Destination D:/images
.EXAMPLE
Invoke-Command -ComputerName $computers -FilePath ./Receive-Image.ps1 -ArgumentList '//server/share/image.vhdx.torrent', 'D:/images'
#>
[CmdletBinding()]
param(
    # The .torrent, as a path or an http(s) address.
    [Parameter(Mandatory, Position = 0)]
    [string] $Torrent,

    # The folder that the data goes into.
    [Parameter(Mandatory, Position = 1)]
    [string] $Destination,

    # How long to upload after completion, which makes the other downloads faster.
    [double] $SeedSeconds = 300,

    # Gives up when no data arrives for this many seconds.
    [double] $StallTimeoutSeconds = 600
)

if (-not (Get-Module TorrentPS)) {
    $built = $PSScriptRoot ? (Join-Path $PSScriptRoot '../out/TorrentPS') : ''
    Import-Module (($built -and (Test-Path $built)) ? $built : 'TorrentPS') -ErrorAction Stop
}

try {
    $info = Get-TorrentInfo $Torrent -ErrorAction Stop
    $info | Start-TorrentDownload -Destination $Destination -SeedSeconds $SeedSeconds -StallTimeoutSeconds $StallTimeoutSeconds -ErrorAction Stop
    if (-not ($info | Test-TorrentData -Source $Destination -Quiet)) {
        throw "What is in '$Destination' is not what the torrent says."
    }
}
catch {
    Write-Error -ErrorRecord $_ -ErrorAction Continue
    exit 1
}
# No 'exit 0': a script that ends has that code anyway, and 'exit' would discard pending output.
