#Requires -Version 7.6

<#
.SYNOPSIS
Finds the peers of torrents, tests each, and writes a CSV file: whether it answers, how fast, and its client.
.DESCRIPTION
Writes one line a peer, and gives a summary of the clients. Peers are asked for a handshake and nothing else.
.EXAMPLE
./Export-PeerSurvey.ps1 ./debian.torrent -Destination ./peers.csv
.EXAMPLE
Get-ChildItem *.torrent | ./Export-PeerSurvey.ps1 -Destination ./peers.csv -MaxPeers 100
#>
[CmdletBinding()]
param(
    # The .torrent files or magnet links.
    [Parameter(Mandatory, Position = 0, ValueFromPipeline)]
    [string[]] $Torrent,

    # The CSV file.
    [Parameter(Mandatory)]
    [string] $Destination,

    # The maximum number of peers to test per torrent.
    [int] $MaxPeers = 200,

    # How long to look for peers.
    [double] $TimeoutSeconds = 15
)

begin {
    if (-not (Get-Module TorrentPS)) {
        $built = Join-Path $PSScriptRoot '../out/TorrentPS'
        Import-Module ((Test-Path $built) ? $built : 'TorrentPS') -ErrorAction Stop
    }
    $all = [System.Collections.Generic.List[object]]::new()
}
process {
    foreach ($one in $Torrent) {
        # Both run at the same time: a peer is tested as soon as it is found.
        Get-TorrentPeer $one -MaxPeers $MaxPeers -TimeoutSeconds $TimeoutSeconds |
            Test-PeerHandshake |
            ForEach-Object { $all.Add($_) }
    }
}
end {
    $all |
        Select-Object InfoHash, Address, Port, Status, Client, Encrypted, SupportsDht, SupportsFast, SupportsV2, LatencySeconds |
        Export-Csv -LiteralPath $Destination
    $all |
        Where-Object Succeeded |
        Group-Object Client -NoElement |
        Sort-Object Count -Descending |
        Select-Object Count, @{ Name = 'Client'; Expression = 'Name' }
}
