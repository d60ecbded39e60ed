@{
    RootModule           = 'TorrentPS.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '28c3c13a-6a94-4401-b95e-113994358255'
    Author               = 'The TorrentPS authors'
    CompanyName          = 'The TorrentPS authors'
    Copyright            = '(c) The TorrentPS authors. MIT licence.'
    Description          = 'A BitTorrent client as cmdlets: read torrents, resolve magnet links, find and test peers, scrape trackers, download, make torrents and test data, all in the pipeline. No daemon, no other program, nothing but PowerShell.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    # Loaded first: the type data names a class of it.
    RequiredAssemblies   = @('TorrentPS.dll')
    TypesToProcess       = @('TorrentPS.Types.ps1xml')
    FormatsToProcess     = @('TorrentPS.Format.ps1xml')
    FunctionsToExport    = @()
    CmdletsToExport      = @(
        'ConvertFrom-Bencode'
        'ConvertTo-Bencode'
        'Get-TorrentInfo'
        'Get-TorrentPeer'
        'Get-TorrentSwarm'
        'Get-TorrentTracker'
        'New-Torrent'
        'Save-Torrent'
        'Start-TorrentDownload'
        'Start-TorrentSeed'
        'Start-TorrentTracker'
        'Test-PeerHandshake'
        'Test-TorrentData'
    )
    VariablesToExport    = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @('BitTorrent', 'Torrent', 'Magnet', 'Download', 'Seed', 'Peer', 'Tracker', 'DHT', 'P2P', 'FileTransfer', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
            LicenseUri   = 'https://opensource.org/license/mit'
            ReleaseNotes = 'The first version. CHANGELOG.md in the module has all of it.'
        }
    }
}
