# What a user on Windows does with the module as it is published: unpack, import, look, make, download, test. Tells what came of it in a JSON file.
param(
    [Parameter(Mandatory)] [string] $Package,
    [Parameter(Mandatory)] [string] $Folder,
    [Parameter(Mandatory)] [string] $Torrent,
    [Parameter(Mandatory)] [string] $Source,
    [Parameter(Mandatory)] [string] $Peer,
    [Parameter(Mandatory)] [string] $ResultPath
)

$ErrorActionPreference = 'Stop'
$result = [ordered]@{ Version = "$($PSVersionTable.PSVersion)"; OnWindows = $IsWindows }
try {
    [System.IO.Compression.ZipFile]::ExtractToDirectory($Package, "$Folder\modules")
    $env:PSModulePath = "$Folder\modules;$env:PSModulePath"
    Import-Module TorrentPS
    $result.Commands = (Get-Command -Module TorrentPS).Count
    $result.Synopsis = (Get-Help Get-TorrentInfo).Synopsis

    Set-Location $Folder
    $info = Get-TorrentInfo $Torrent
    $result.Files = @($info.Files.Path)
    Get-TorrentInfo '.\no\such.torrent' -ErrorAction SilentlyContinue -ErrorVariable missing
    $result.Missing = "$missing"

    $made = New-Torrent $Source -Destination '.\made.torrent' -PieceLength 64KB
    $result.Made = "$($made.InfoHash)"

    $download = $info | Start-TorrentDownload -Destination '.\deep\down' -Peer $Peer -Source Manual -StallTimeoutSeconds 60
    $result.State = "$($download.State)"
    $result.Downloaded = $download.Downloaded
    $result.Tested = $info | Test-TorrentData -Source "$Folder\deep\down" -Quiet

    # A file that another program has changed is found.
    $damaged = Get-Item -LiteralPath "$Folder\deep\down\$($info.Name)\a\one.bin"
    $stream = $damaged.OpenWrite()
    $stream.WriteByte(0xFF)
    $stream.Dispose()
    $result.TestedDamaged = $info | Test-TorrentData -Source "$Folder\deep\down" -Quiet
    $job = $info | Start-TorrentDownload -Destination '.\deep\down' -Peer $Peer -Source Manual -StallTimeoutSeconds 60 -AsJob
    $null = Wait-Job $job
    $result.Job = "$($job.State)"
    $result.Again = "$((Receive-Job $job).State)"
    Remove-Job $job
}
catch {
    $result.Error = "$_ $($_.ScriptStackTrace)"
}
$result | ConvertTo-Json | Set-Content -LiteralPath $ResultPath -Encoding utf8NoBOM
