#Requires -Version 7.6

<#
.SYNOPSIS
Makes a torrent of a file or folder, verifies the data, and seeds it until Ctrl+C.
.DESCRIPTION
Writes the .torrent where the other machines find it, and uploads the data to them. The tracker must be reachable from all of them;
'torrentps tracker --interval 5' runs one.
.EXAMPLE
./Publish-Image.ps1 ./image.vhdx -Tracker http://10.0.0.5:6969/announce -Destination //server/share/
.EXAMPLE
./Publish-Image.ps1 ./build -Tracker http://10.0.0.5:6969/announce -SeedSeconds 3600
.EXAMPLE
./Publish-Image.ps1 ./image.vhdx -Tracker http://10.0.0.5:6969/announce -Machines 200
.EXAMPLE
./Publish-Image.ps1 ./image.vhdx -Tracker http://10.0.0.5:6969/announce -WebSeed http://10.0.0.5/image.vhdx -AllowedAddress 10.0.0.0/16 -TrafficClass CS1
#>
[CmdletBinding()]
param(
    # The file or folder; its name may have square brackets.
    [Parameter(Mandatory, Position = 0)]
    [string] $Path,

    # The announce address of the tracker.
    [Parameter(Mandatory)]
    [uri] $Tracker,

    # The .torrent to write, or the folder to write it into.
    [string] $Destination = '.',

    # Ends after this many seconds; by default runs until Ctrl+C.
    [double] $SeedSeconds,

    # Ends when this many other machines have it.
    [int] $Machines,

    # Web servers that have the data, too.
    [uri[]] $WebSeed,

    # The networks of the machines that may have it, such as 10.0.0.0/16; by default all.
    [string[]] $AllowedAddress,

    # What packets are marked with for the routers of the site, such as CS1 or LE.
    [string] $TrafficClass
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module TorrentPS)) {
    $built = Join-Path $PSScriptRoot '../out/TorrentPS'
    Import-Module ((Test-Path $built) ? $built : 'TorrentPS')
}

# Peers come from the tracker alone, so the torrent is not announced outside the network.
$create = @{}
if ($WebSeed) {
    $create.WebSeed = $WebSeed
}
$torrent = New-Torrent -LiteralPath $Path -Tracker $Tracker -Destination $Destination -Private -Force @create
Write-Information -InformationAction Continue "$($torrent.Path): $($torrent.InfoHash), $($torrent.PieceCount) pieces"

# What another program changed meanwhile is not sent to a hundred machines.
if (-not ($torrent | Test-TorrentData -Source $torrent.DataFolder -Quiet)) {
    throw "What is in '$($torrent.DataFolder)' has changed since the torrent was made."
}

$options = @{}
foreach ($name in 'SeedSeconds', 'AllowedAddress', 'TrafficClass') {
    if ($PSBoundParameters.ContainsKey($name)) {
        $options[$name] = $PSBoundParameters[$name]
    }
}
$job = $torrent | Start-TorrentSeed -Source $torrent.DataFolder -AsJob @options
try {
    if ($Machines -gt 0) {
        # This one has it, too.
        $swarm = $torrent | Get-TorrentSwarm -Until ($Machines + 1)
        Write-Information -InformationAction Continue "$(@($swarm | Where-Object IsComplete).Count) of $(@($swarm).Count) machines have it"
    }
    else {
        $job | Receive-Job -Wait
    }
}
finally {
    # After Ctrl+C too, so that the tracker is notified and the port is closed.
    $job | Stop-Job
    $job | Remove-Job -Force
}
