#Requires -Version 7.6

<#
.SYNOPSIS
Downloads torrents from a schedule, with a log that says what happened and what it waited for.
.DESCRIPTION
Takes every .torrent of a folder, downloads it, and moves the .torrent into the folder 'done' when the data is there and verified. What did not
complete stays for the next run, which goes on from there. Writes two logs: the story of each download, and one line of JSON a run for machines.
Ends with 0 when all is there, with 1 when something is not yet, and with 2 when another run is still at work.
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

    # The folder that the data goes into.
    [Parameter(Mandatory)]
    [string] $Destination,

    # The folder of the logs; that of the .torrent files when it is left out.
    [string] $LogFolder = $Path,

    # Gives a torrent up, until the next run, when nothing came for this many seconds.
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
        # Held until this run ends: a schedule does not wait for the run before.
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
            # The story goes to the file, the result to the variable; an error is told of there, and does not end the run.
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
    # In a block of its own: an exit takes away what the same block has not shown yet.
    exit [int]($missing -gt 0)
}
