# Fixtures of the tests: torrents, their data, a tracker and peers on loopback.

# Separate from the public DHT, the user's state and that of other test files, which may run at the same time.
$env:TORRENTPS_DHT_NODES = 'none'
$env:TORRENTPS_STATE = Join-Path (Get-PSDrive TestDrive).Root 'state'

$script:claims = @()
$powerShellCommand = Join-Path $PSScriptRoot '../../tools/Get-PowerShellCommand.ps1'

# `dotnet test` passes them compiled; otherwise they are compiled here.
if ($env:TORRENTPS_PESTER_FIXTURES -and (Test-Path $env:TORRENTPS_PESTER_FIXTURES)) {
    Add-Type -Path $env:TORRENTPS_PESTER_FIXTURES
}
else {
    Add-Type -Path (Join-Path $PSScriptRoot 'TestServer.cs'), (Join-Path $PSScriptRoot 'TestTracker.cs'), (Join-Path $PSScriptRoot 'TestPeer.cs'), (Join-Path $PSScriptRoot 'TestDhtNode.cs')
}

function ConvertTo-TestBencode {
    # Strings and byte arrays, integers, lists and ordered dictionaries; the keys stay in the order given.
    param([Parameter(Mandatory)] $Value)

    $bytes = [System.Collections.Generic.List[byte]]::new()
    $latin = [System.Text.Encoding]::Latin1
    if ($Value -is [byte[]]) {
        $bytes.AddRange($latin.GetBytes("$($Value.Length):"))
        $bytes.AddRange($Value)
    }
    elseif ($Value -is [string]) {
        $text = [System.Text.Encoding]::UTF8.GetBytes($Value)
        $bytes.AddRange($latin.GetBytes("$($text.Length):"))
        $bytes.AddRange($text)
    }
    elseif ($Value -is [System.Collections.IDictionary]) {
        $bytes.Add([byte][char]'d')
        foreach ($key in $Value.Keys) {
            $bytes.AddRange([byte[]](ConvertTo-TestBencode ([string]$key)))
            $bytes.AddRange([byte[]](ConvertTo-TestBencode $Value[$key]))
        }
        $bytes.Add([byte][char]'e')
    }
    elseif ($Value -is [System.Collections.IList]) {
        $bytes.Add([byte][char]'l')
        foreach ($item in $Value) {
            $bytes.AddRange([byte[]](ConvertTo-TestBencode $item))
        }
        $bytes.Add([byte][char]'e')
    }
    else {
        $bytes.AddRange($latin.GetBytes("i${Value}e"))
    }
    , $bytes.ToArray()
}

function New-TestTorrent {
    # Writes a .torrent, and with -DataRoot its data, and returns its expected properties.
    param(
        [Parameter(Mandatory)] [string] $Path,
        [string] $Name = 'payload.bin',
        [System.Collections.Specialized.OrderedDictionary] $Files,
        [int] $Length = 100000,
        [int] $PieceLength = 16384,
        [string[]] $Tracker = @(),
        [string] $DataRoot,
        [switch] $Private,
        [string] $Comment
    )

    if (-not $Files) {
        $Files = [ordered]@{ $Name = $Length }
        $isSingle = $true
    }
    $random = [System.Random]::new(42)
    $all = [System.IO.MemoryStream]::new()
    $entries = foreach ($file in $Files.Keys) {
        $data = [byte[]]::new($Files[$file])
        $random.NextBytes($data)
        $all.Write($data)
        if ($DataRoot) {
            $target = Join-Path $DataRoot ($isSingle ? $Name : (Join-Path $Name $file))
            $null = New-Item -ItemType Directory -Force -Path (Split-Path $target)
            [System.IO.File]::WriteAllBytes($target, $data)
        }
        [ordered]@{ length = $data.Length; path = @($file -split '/') }
    }
    $content = $all.ToArray()
    $hashes = [System.Collections.Generic.List[byte]]::new()
    for ($offset = 0; $offset -lt $content.Length; $offset += $PieceLength) {
        $piece = [System.ArraySegment[byte]]::new($content, $offset, [Math]::Min($PieceLength, $content.Length - $offset))
        $hashes.AddRange([System.Security.Cryptography.SHA1]::HashData($piece))
    }

    # The keys of a dictionary are in byte order (BEP 3).
    $info = [ordered]@{}
    if ($isSingle) { $info['length'] = $content.Length } else { $info['files'] = @($entries) }
    $info['name'] = $Name
    $info['piece length'] = $PieceLength
    $info['pieces'] = $hashes.ToArray()
    if ($Private) { $info['private'] = 1 }
    $torrent = [ordered]@{}
    if ($Tracker) {
        $torrent['announce'] = $Tracker[0]
        $torrent['announce-list'] = @($Tracker | ForEach-Object { , @($_) })
    }
    if ($Comment) { $torrent['comment'] = $Comment }
    $torrent['created by'] = 'TorrentPS tests'
    $torrent['info'] = $info
    [System.IO.File]::WriteAllBytes($Path, (ConvertTo-TestBencode $torrent))
    [pscustomobject]@{
        Path     = $Path
        Name     = $Name
        InfoHash = [System.Convert]::ToHexStringLower([System.Security.Cryptography.SHA1]::HashData((ConvertTo-TestBencode $info)))
        Length   = $content.Length
        Pieces   = [Math]::Ceiling($content.Length / $PieceLength)
    }
}

function Get-FreePort {
    # Not one that the system would give to a connection before it is listened on, and not one that another test file was given: each is claimed, by a file
    # that no other process can open for as long as this one runs; the interop tests do the same.
    $claims = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "torrentps-test-ports-$([Environment]::UserName)")).FullName
    foreach ($attempt in 1..1000) {
        $port = Get-Random -Minimum 20000 -Maximum 32000
        try { $script:claims += [System.IO.File]::Open((Join-Path $claims $port), 'OpenOrCreate', 'ReadWrite', 'None') }
        catch [System.IO.IOException] { continue }
        $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Any, $port)
        $listener.ExclusiveAddressUse = $true
        try {
            $listener.Start()
            return $port
        }
        catch [System.Net.Sockets.SocketException] { Write-Debug "Port $port is in use." }
        finally { $listener.Stop() }
    }
    throw 'No port is free.'
}

function Wait-Until {
    # Waits for a condition, with a limit far beyond the need of a busy machine.
    param([Parameter(Mandatory)] [scriptblock] $Condition)

    $deadline = [System.DateTime]::UtcNow.AddMinutes(5)
    while (-not (& $Condition)) {
        if ([System.DateTime]::UtcNow -gt $deadline) {
            throw "This was not so within five minutes: $Condition"
        }
        Start-Sleep -Milliseconds 20
    }
}

function Invoke-TestPowerShell {
    # Runs another PowerShell like this one to its end; the arguments are PowerShell's own.
    $program, [string[]] $first = & $powerShellCommand
    & $program @first -NoProfile -NonInteractive @args
}

function Start-TestPowerShell {
    # Starts another PowerShell beside this one, which runs the text of a script.
    param([Parameter(Mandatory)] [string] $Script, [Parameter(Mandatory)] [string] $OutputPath)

    $program, [string[]] $first = & $powerShellCommand
    $encoded = [System.Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes($Script))
    Start-Process $program -ArgumentList (@(foreach ($part in $first) { "`"$part`"" }) + '-NoProfile', '-NonInteractive', '-OutputFormat', 'Text', '-EncodedCommand', $encoded) -PassThru -RedirectStandardOutput $OutputPath
}

function Start-TestSeeder {
    # The module itself, seeding in a separate thread.
    param(
        [Parameter(Mandatory)] [string] $Path,
        [Parameter(Mandatory)] [string] $DataRoot,
        [Parameter(Mandatory)] [int] $Port,
        [long] $UploadLimit = 0
    )

    $job = Start-ThreadJob -ArgumentList (Get-Module TorrentPS).Path, $Path, $DataRoot, $Port, $UploadLimit -ScriptBlock {
        param($module, $torrent, $data, $port, $limit)
        Import-Module (Join-Path (Split-Path $module) 'TorrentPS.psd1')
        Start-TorrentDownload -LiteralPath $torrent -Destination $data -Port $port -UploadLimit $limit -Source Manual -SeedSeconds ([double]::PositiveInfinity) -Recheck
    }
    try { Wait-TestListener -Port $Port } catch { throw "The seeder does not listen on port ${Port}: $(Receive-Job $job 2>&1)" }
    $job
}

function Wait-TestListener {
    # Waits until a port of this machine accepts connections.
    param([Parameter(Mandatory)] [int] $Port)

    Wait-Until {
        $client = [System.Net.Sockets.TcpClient]::new()
        try {
            $client.Connect('127.0.0.1', $Port)
            $true
        }
        catch [System.Net.Sockets.SocketException] { $false }
        finally { $client.Dispose() }
    }
}

function Connect-TestPeer {
    # A peer that sends a handshake and then nothing; Answered is whether the other side sent one, too.
    param([Parameter(Mandatory)] [int] $Port, [Parameter(Mandatory)] [string] $InfoHash)

    $client = [System.Net.Sockets.TcpClient]::new()
    $client.Connect('127.0.0.1', $Port)
    $stream = $client.GetStream()
    $stream.ReadTimeout = 30000
    $id = [byte[]]::new(10)
    [System.Random]::new().NextBytes($id)
    $stream.Write([byte[]](@(19) + [System.Text.Encoding]::ASCII.GetBytes('BitTorrent protocol') + @(0) * 8 + [System.Convert]::FromHexString($InfoHash) + [System.Text.Encoding]::ASCII.GetBytes('-XX0000-ab') + $id))
    $reply = [byte[]]::new(68)
    try { $length = $stream.ReadAtLeast($reply, 68, $false) } catch [System.IO.IOException] { $length = 0 }
    [pscustomobject]@{ Client = $client; Answered = $length -eq 68 -and $reply[0] -eq 19 }
}

function Stop-TestJob {
    param($Job)
    if ($Job) {
        Stop-Job $Job
        Remove-Job $Job -Force
    }
}

Export-ModuleMember -Function ConvertTo-TestBencode, New-TestTorrent, Get-FreePort, Wait-Until, Invoke-TestPowerShell, Start-TestPowerShell, Start-TestSeeder, Wait-TestListener, Connect-TestPeer, Stop-TestJob
