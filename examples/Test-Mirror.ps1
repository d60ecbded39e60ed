#Requires -Version 7.6

<#
.SYNOPSIS
Compares a mirror with the torrents of what should be in it, and mends it when told to.
.DESCRIPTION
Writes each file that is damaged, missing, or of the wrong size; a mirror that is right gives nothing. -Repair fetches what is wrong, and only that.
Ends with 0 when the mirror is right, with 8 when it is not.
.EXAMPLE
./Test-Mirror.ps1 /srv/torrents/*.torrent -Mirror /srv/mirror
.EXAMPLE
./Test-Mirror.ps1 ./release.torrent -Mirror D:/mirror -Repair
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # The .torrent files; wildcards are allowed.
    [Parameter(Mandatory, Position = 0)]
    [string[]] $Path,

    # The folder with the data.
    [Parameter(Mandatory)]
    [string] $Mirror,

    # Downloads what is wrong.
    [switch] $Repair,

    # Gives up when nothing came for this many seconds.
    [double] $StallTimeoutSeconds = 600
)

process {
    if (-not (Get-Module TorrentPS)) {
        $built = Join-Path $PSScriptRoot '../out/TorrentPS'
        Import-Module ((Test-Path $built) ? $built : 'TorrentPS') -ErrorAction Stop
    }

    $isRight = $true
    foreach ($torrent in Get-TorrentInfo $Path -ErrorAction Stop) {
        $wrong = @($torrent | Test-TorrentData -Source $Mirror | Where-Object Status -NE Complete)
        $wrong
        if ($wrong.Count -eq 0) {
            continue
        }
        if ($Repair -and $PSCmdlet.ShouldProcess($torrent.Name, 'Repair')) {
            $result = $torrent | Start-TorrentDownload -Destination $Mirror -Recheck -StallTimeoutSeconds $StallTimeoutSeconds
            $isRight = $isRight -and $result.State -eq 'Completed'
        }
        else {
            $isRight = $false
        }
    }
}
end {
    # In a block of its own: an exit takes away what the same block has not shown yet.
    exit ($isRight ? 0 : 8)
}
