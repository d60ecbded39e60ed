#Requires -Version 7.6

<#
.SYNOPSIS
Downloads torrents from a schedule, with a detailed log.
.DESCRIPTION
Takes every .torrent of a folder, downloads it, and moves the .torrent into the folder 'done' when the data is complete and verified. The others
stay for the next run, which resumes them. Writes two logs: verbose messages of each download, and one line of JSON per run for machines.
Exits with 0 when everything is complete, with 1 when something is not, and with 2 when another run is still active.
.EXAMPLE
./Invoke-ScheduledDownload.ps1 /srv/torrents -Destination /srv/data -LogFolder /var/log/torrents
.EXAMPLE
./Invoke-ScheduledDownload.ps1 D:/torrents -Destination D:/data -DownloadLimit 5MB -StallTimeoutSeconds 1800
#>
[CmdletBinding()]
param(
    # The folder with the .torrent files.
    [Parameter(Mandatory, Position = 0)]
    [string] $Path,

    # The folder to download to.
    [Parameter(Mandatory)]
    [string] $Destination,

    # The folder of the logs; by default that of the .torrent files.
    [string] $LogFolder = $Path,

    # Gives up on a torrent, until the next run, when no data arrives for this many seconds.
    [double] $StallTimeoutSeconds = 600,

    # Bytes a second, as in 5MB; 0 means no limit.
    [string] $DownloadLimit = '0'
)

process {
    $ErrorActionPreference = 'Stop'
    if (-not (Get-Module TorrentPS)) {
        $built = Join-Path $PSScriptRoot '../out/TorrentPS'
        Import-Module ((Test-Path $built) ? $built : 'TorrentPS')
    }

    $null = New-Item -ItemType Directory -Force -Path $LogFolder, $Destination, (Join-Path $Path 'done')
    try {
        # Held until this run ends: a schedule does not wait for the previous run.
        $lock = [System.IO.File]::Open((Convert-Path $LogFolder) + '/running.lock', 'OpenOrCreate', 'ReadWrite', 'None')
    }
    catch [System.IO.IOException] {
        Write-Warning 'Another run is still at work.'
        exit 2
    }

    try {
        $missing = 0
        foreach ($file in Get-ChildItem -LiteralPath $Path -Filter *.torrent -File) {
            $story = Join-Path $LogFolder "$($file.BaseName).log"
            Get-Date -Format o | Add-Content -LiteralPath $story
            $options = @{ Destination = $Destination; StallTimeoutSeconds = $StallTimeoutSeconds; DownloadLimit = $DownloadLimit }
            $problem = $null
            # Verbose messages go to the file, the result to the variable; errors go to the file too, and do not end the run.
            $result = $file | Start-TorrentDownload @options -Verbose -ErrorAction SilentlyContinue -ErrorVariable problem 4>> $story
            $problem | Add-Content -LiteralPath $story
            [pscustomobject]@{
                Time       = Get-Date
                Torrent    = $file.Name
                State      = $result ? "$($result.State)" : 'Failed'
                ErrorId    = $problem ? ($problem[-1].FullyQualifiedErrorId -split ',')[0] : $null
                Downloaded = $result.Downloaded
                Seconds    = $result.ElapsedSeconds
            } | ConvertTo-Json -Compress | Add-Content -LiteralPath (Join-Path $LogFolder 'runs.json')
            if ($result.State -eq 'Completed') {
                Move-Item -LiteralPath $file.FullName -Destination (Join-Path $Path 'done') -Force
            }
            else {
                $missing++
            }
            $result
        }
    }
    finally {
        $lock.Dispose()
    }
}
end {
    # In a separate block: an exit discards output that its own block has not written yet.
    exit [int]($missing -gt 0)
}
