#Requires -Version 7.6

<#
.SYNOPSIS
Downloads the data of a .torrent, tests it, and then uploads it to others for a while.
.DESCRIPTION
For a scheduled task or a deployment system: exits with 0 when the data is complete and verified, with 1 when not. Run it again to
resume.
.EXAMPLE
./Receive-Image.ps1 //server/share/image.vhdx.torrent -Destination D:/images
.EXAMPLE
Invoke-Command -ComputerName $computers -FilePath ./Receive-Image.ps1 -ArgumentList '//server/share/image.vhdx.torrent', 'D:/images'
.EXAMPLE
./Receive-Image.ps1 '//server/share/image [2026].vhdx.torrent' D:/images -AllowedAddress 10.0.0.0/16 -WebSeed 'http://10.0.0.5/image [2026].vhdx' -WebSeedDelaySeconds 60
#>
[CmdletBinding()]
param(
    # The .torrent, as a path, whose name may have square brackets, or an http(s) address, or a magnet link.
    [Parameter(Mandatory, Position = 0)]
    [string] $Torrent,

    # The folder that the data goes into.
    [Parameter(Mandatory, Position = 1)]
    [string] $Destination,

    # How long to upload after completion, which makes the other downloads faster.
    [double] $SeedSeconds = 300,

    # Gives up when no data arrives for this many seconds.
    [double] $StallTimeoutSeconds = 600,

    # The networks of the machines to exchange data with, such as 10.0.0.0/16; by default all.
    [string[]] $AllowedAddress,

    # Web servers that have the data, besides those of the torrent.
    [uri[]] $WebSeed,

    # How long the web servers wait for other machines to send the data.
    [double] $WebSeedDelaySeconds,

    # What packets are marked with for the routers of the site, such as CS1 or LE.
    [string] $TrafficClass
)

if (-not (Get-Module TorrentPS)) {
    $built = $PSScriptRoot ? (Join-Path $PSScriptRoot '../out/TorrentPS') : ''
    Import-Module (($built -and (Test-Path $built)) ? $built : 'TorrentPS') -ErrorAction Stop
}

try {
    $network = @{}
    $servers = @{}
    foreach ($name in 'AllowedAddress', 'TrafficClass') {
        if ($PSBoundParameters.ContainsKey($name)) {
            $network[$name] = $PSBoundParameters[$name]
        }
    }
    foreach ($name in 'WebSeed', 'WebSeedDelaySeconds') {
        if ($PSBoundParameters.ContainsKey($name)) {
            $servers[$name] = $PSBoundParameters[$name]
        }
    }
    $info = $Torrent -match '^(https?|magnet):' ? (Get-TorrentInfo -Uri $Torrent -ErrorAction Stop) : (Get-TorrentInfo -LiteralPath $Torrent -ErrorAction Stop)
    $info | Start-TorrentDownload -Destination $Destination -StallTimeoutSeconds $StallTimeoutSeconds @network @servers -ErrorAction Stop
    if (-not ($info | Test-TorrentData -Source $Destination -Quiet)) {
        throw "What is in '$Destination' is not what the torrent says."
    }
    if ($SeedSeconds -gt 0) {
        $null = $info | Start-TorrentSeed -Source $Destination -SeedSeconds $SeedSeconds @network -ErrorAction Stop
    }
}
catch {
    Write-Error -ErrorRecord $_ -ErrorAction Continue
    exit 1
}
# No 'exit 0': a script that ends has that code anyway, and 'exit' would discard pending output.
