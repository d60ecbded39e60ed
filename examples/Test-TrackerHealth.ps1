#Requires -Version 7.6

<#
.SYNOPSIS
Asks every tracker of torrents for its peer counts, and reports trackers that are down and torrents without seeders.
.DESCRIPTION
Writes one object per tracker with a Health: Good, Slow, NoSeeders or Down. Exits with 0 when every torrent has a tracker that is Good or Slow, and with 1
when not, for a monitoring system.
.EXAMPLE
./Test-TrackerHealth.ps1 ./release.torrent
.EXAMPLE
./Test-TrackerHealth.ps1 /srv/torrents/*.torrent -SlowSeconds 0.5 | Where-Object Health -ne Good
#>
[CmdletBinding()]
param(
    # The .torrent files; wildcards are allowed.
    [Parameter(Mandatory, Position = 0)]
    [string[]] $Path,

    # A tracker that takes longer is slow.
    [double] $SlowSeconds = 2,

    # How long to wait for a tracker.
    [double] $TimeoutSeconds = 15
)

process {
    if (-not (Get-Module TorrentPS)) {
        $built = Join-Path $PSScriptRoot '../out/TorrentPS'
        Import-Module ((Test-Path $built) ? $built : 'TorrentPS') -ErrorAction Stop
    }

    $report = foreach ($tracker in Get-TorrentTracker $Path -TimeoutSeconds $TimeoutSeconds) {
        [pscustomobject]@{
            Torrent  = $tracker.TorrentName
            Tracker  = $tracker.Uri
            Health   = if (-not $tracker.Succeeded) { 'Down' } elseif ($tracker.Seeders -eq 0) { 'NoSeeders' } elseif ($tracker.LatencySeconds -gt $SlowSeconds) { 'Slow' } else { 'Good' }
            Seeders  = $tracker.Seeders
            Leechers = $tracker.Leechers
            Seconds  = $tracker.LatencySeconds
            Error    = $tracker.Error
        }
    }
    $report
    $bad = $report | Group-Object Torrent | Where-Object { -not ($_.Group | Where-Object Health -In 'Good', 'Slow') }
    foreach ($torrent in $bad) {
        Write-Warning "No tracker of '$($torrent.Name)' knows a seeder."
    }
}
end {
    # In a separate block: an exit discards output that its own block has not written yet.
    exit [int](-not $report -or $bad.Count -gt 0)
}
