#Requires -Version 7.6

<#
.SYNOPSIS
Makes a torrent of a file or folder, and seeds it until Ctrl+C.
.DESCRIPTION
Writes the .torrent where the other machines find it, and uploads the data to them. The tracker must be reachable from all of them;
'torrentps tracker' runs one.
.EXAMPLE
./Publish-Image.ps1 ./image.vhdx -Tracker http://10.0.0.5:6969/announce -Destination //server/share/
.EXAMPLE
./Publish-Image.ps1 ./build -Tracker http://10.0.0.5:6969/announce -SeedSeconds 3600
#>
[CmdletBinding()]
param(
    # The file or folder.
    [Parameter(Mandatory, Position = 0)]
    [string] $Path,

    # The announce address of the tracker.
    [Parameter(Mandatory)]
    [uri] $Tracker,

    # The .torrent to write, or the folder to write it into.
    [string] $Destination = '.',

    # Ends after this many seconds; by default runs until Ctrl+C.
    [double] $SeedSeconds
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module TorrentPS)) {
    $built = Join-Path $PSScriptRoot '../out/TorrentPS'
    Import-Module ((Test-Path $built) ? $built : 'TorrentPS')
}

# Peers come from the tracker alone, so the torrent is not announced outside the network.
$torrent = New-Torrent $Path -Tracker $Tracker -Destination $Destination -Private -Force
Write-Information -InformationAction Continue "$($torrent.Path): $($torrent.InfoHash), $($torrent.PieceCount) pieces"

$options = @{}
if ($PSBoundParameters.ContainsKey('SeedSeconds')) {
    $options.SeedSeconds = $SeedSeconds
}
$job = $torrent | Start-TorrentSeed -Source $torrent.DataFolder -AsJob @options
try {
    $job | Receive-Job -Wait
}
finally {
    # After Ctrl+C too, so that the tracker is notified and the port is closed.
    $job | Stop-Job
    $job | Remove-Job -Force
}
