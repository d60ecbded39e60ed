#Requires -Version 7.6

<#
.SYNOPSIS
Compares a mirror with the torrents of its contents, and repairs it on request.
.DESCRIPTION
Writes each file that is damaged, missing, or of the wrong size; a correct mirror writes nothing. -Repair downloads only the wrong data.
Exits with 0 when the mirror is correct, with 8 when it is not.
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

    # Downloads the wrong data again.
    [switch] $Repair,

    # Gives up when no data arrives for this many seconds.
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
    # In a separate block: an exit discards output that its own block has not written yet.
    exit ($isRight ? 0 : 8)
}
